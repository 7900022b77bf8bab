// Stands for `crawlee` where the other packages are bundled: it would bring a second copy of them, with storages of its own.
throw new Error(
    'Tests import @crawlee/basic, @crawlee/http or @crawlee/cheerio, which are bundled, instead of crawlee.',
);
