/** The title of a property, made of its name: `reviewsCount` and `reviews_count` are "Reviews count". */
export function titleOf(key: string): string {
    const words = key
        .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
        .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
        .split(/[\s_\-.]+/)
        .filter((word) => word !== '');
    if (words.length === 0) return key;
    const isOneName = words.length === 1 || /\s/.test(key.trim());
    return words
        .map((word, index) => {
            if (ABBREVIATIONS.has(word.toLowerCase())) return word.toUpperCase();
            if (index === 0) return word[0]!.toUpperCase() + word.slice(1);
            // A name with spaces was written by a person; capitals of several letters are an abbreviation.
            return isOneName || /^\p{Lu}{2}/u.test(word) ? word : word.toLowerCase();
        })
        .join(' ');
}

const ABBREVIATIONS = new Set([
    'id',
    'url',
    'uri',
    'html',
    'json',
    'isbn',
    'sku',
    'asin',
    'gps',
    'ip',
    'faq',
    'usd',
    'eur',
]);
