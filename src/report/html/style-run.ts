import { css } from './markup.js';

/** The chart, and what run it was. */
export const RUN_STYLE = css`
    figure {
        margin: 0.75rem 0 0;
    }
    .panel {
        margin-top: 0.75rem;
    }
    .panel span {
        color: var(--text);
        font-weight: 600;
        margin-right: 0.5em;
    }
    .chart {
        height: 6rem;
        margin-top: 0.35rem;
        border-bottom: 1px solid var(--quiet);
        background: var(--raised);
    }
    .axis {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        margin: 0.35rem 0;
    }
    .axis span:last-child {
        text-align: right;
    }
    .facts {
        columns: 19rem 2;
        column-gap: 2.5rem;
    }
    .facts section {
        break-inside: avoid;
        margin: 0;
        padding-top: 2.75rem;
    }
    dl {
        margin: 0;
    }
    dl div {
        display: flex;
        gap: 1rem;
        justify-content: space-between;
        padding: 0.35rem 0;
        border-top: 1px solid var(--line);
        font-size: 0.95rem;
    }
    dt {
        color: var(--quiet);
        flex: none;
        max-width: 62%;
    }
    dd {
        margin: 0;
        text-align: right;
        font-variant-numeric: tabular-nums;
        min-width: 0;
    }
`;
