import { css } from './markup.js';

/** Colours, letters and what all parts have in common. Fonts are the system's. */
export const PAGE_STYLE = css`
    :root {
        color-scheme: light dark;
        --ground: #fbfbf9;
        --raised: #ffffff;
        --text: #1c2024;
        --quiet: #5a6270;
        --line: #dfe2e6;
        --link: #0b5cad;
        --stored: #2b6f8e;
        --quarantined: #c65a11;
        --trimmed: #8a6fb0;
        --discarded: #7b848f;
        --pending: #9db4c0;
        --unsent: #b3261e;
        --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'Liberation Mono', Menlo, Consolas, monospace;
    }
    @media (prefers-color-scheme: dark) {
        :root {
            --ground: #15181c;
            --raised: #1d2126;
            --text: #e6e8ea;
            --quiet: #a3abb6;
            --line: #343a42;
            --link: #8cbcf5;
            --stored: #5aa7c9;
            --quarantined: #ef9350;
            --trimmed: #b59fdc;
            --discarded: #8b95a1;
            --pending: #53697a;
            --unsent: #f2857c;
        }
    }
    * {
        box-sizing: border-box;
    }
    body {
        margin: 0;
        background: var(--ground);
        color: var(--text);
        font:
            1rem/1.55 system-ui,
            -apple-system,
            'Segoe UI',
            Roboto,
            'Noto Sans',
            sans-serif;
        text-size-adjust: 100%;
    }
    main {
        max-width: 46rem;
        margin: 0 auto;
        padding: 2.5rem 1.25rem 4rem;
        overflow-wrap: anywhere;
    }
    h1 {
        font-size: clamp(1.6rem, 5vw, 2.25rem);
        line-height: 1.2;
        letter-spacing: -0.015em;
        margin: 0;
        text-wrap: balance;
    }
    h2 {
        font-size: 1.15rem;
        line-height: 1.3;
        margin: 0 0 0.5rem;
    }
    h3 {
        font-size: 1rem;
        font-weight: 600;
        line-height: 1.45;
        margin: 0;
    }
    p {
        margin: 0;
    }
    section {
        margin-top: 2.75rem;
    }
    a {
        color: var(--link);
        text-underline-offset: 0.15em;
    }
    code {
        font-family: var(--mono);
        font-size: 0.9em;
    }
    svg {
        display: block;
        width: 100%;
    }
    summary {
        cursor: pointer;
        color: var(--quiet);
        font-size: 0.9rem;
        padding: 0.25rem 0;
    }
    :focus-visible {
        outline: 2px solid var(--link);
        outline-offset: 2px;
    }
    .subject,
    .note,
    .axis,
    .panel {
        color: var(--quiet);
        font-size: 0.9rem;
    }
    .subject {
        margin-bottom: 0.35rem;
    }
    .notice {
        margin-top: 1.5rem;
        padding: 0.75rem 1rem;
        border-left: 4px solid var(--unsent);
        background: var(--raised);
        border-radius: 4px;
    }
    @media (max-width: 34rem) {
        main {
            padding-top: 1.5rem;
        }
    }
`;
