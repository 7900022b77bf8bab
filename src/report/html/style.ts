import { css } from './markup.js';

/** The page's style sheet, as CSS. TypeScript cannot import a .css file. Fonts are the system's. */
export const STYLE = css`
    :root {
        color-scheme: light dark;
        --ground: #fbfbf9;
        --raised: #fff;
        --text: #1c2024;
        --quiet: #565e6b;
        --line: #dcdfe4;
        --link: #0b5cad;
        --stored: #2b6f8e;
        --quarantined: #c65a11;
        --duplicate: #a88a2d;
        --trimmed: #8a6fb0;
        --pending: #8ea6b3;
        --unsent: #b3261e;
        --passed: #1f7a45;
        --warned: #9a4a06;
        --failed: #b3261e;
        --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'Liberation Mono', Menlo, Consolas, monospace;
    }
    @media (prefers-color-scheme: dark) {
        :root {
            --ground: #15181c;
            --raised: #1e2227;
            --text: #e8eaec;
            --quiet: #a7afba;
            --line: #353b43;
            --link: #8cbcf5;
            --stored: #5aa7c9;
            --quarantined: #ef9350;
            --duplicate: #d5b95a;
            --trimmed: #b59fdc;
            --pending: #5f7787;
            --unsent: #f2857c;
            --passed: #6fcf97;
            --warned: #f0a35e;
            --failed: #f2857c;
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
        max-width: 58rem;
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
        font-size: 1.25rem;
        line-height: 1.3;
        margin: 0 0 0.5rem;
    }
    h3 {
        font-size: 1rem;
        font-weight: 600;
        line-height: 1.45;
        margin: 0;
    }
    p,
    dl,
    dd,
    figure {
        margin: 0;
    }
    section {
        margin-top: 2.75rem;
    }
    a {
        color: var(--link);
        text-underline-offset: 0.15em;
    }
    code,
    pre {
        font-family: var(--mono);
        font-size: 0.875em;
    }
    svg {
        display: block;
        width: 100%;
    }
    ol,
    ul {
        list-style: none;
        margin: 0;
        padding: 0;
    }
    summary {
        cursor: pointer;
        padding: 0.35rem 0;
        color: var(--link);
    }
    :focus-visible {
        outline: 2px solid var(--link);
        outline-offset: 2px;
    }
    .subject {
        font-weight: 600;
        margin-bottom: 0.35rem;
    }
    .subject,
    .note,
    .when,
    figcaption {
        color: var(--quiet);
        font-size: 0.925rem;
    }
    .when {
        margin-top: 0.5rem;
    }
    .note + *,
    .when + * {
        margin-top: 0.75rem;
    }
    .verdict,
    .notice {
        margin-top: 1.25rem;
        padding: 0.75rem 1rem;
        border: 1px solid var(--line);
        border-left: 5px solid var(--mark);
        background: var(--raised);
        border-radius: 4px;
    }
    .verdict b {
        color: var(--mark);
    }
    .passed {
        --mark: var(--passed);
    }
    .warned,
    .open {
        --mark: var(--warned);
    }
    .failed,
    .notice {
        --mark: var(--failed);
    }
    .unchecked {
        --mark: var(--quiet);
    }
    .outcome {
        margin-top: 1.75rem;
    }
    .bar {
        height: 1.5rem;
        margin: 0.5rem 0 0.75rem;
        border-radius: 5px;
    }
    .bar rect {
        stroke: var(--ground);
        stroke-width: 1px;
        vector-effect: non-scaling-stroke;
    }
    .track {
        fill: var(--line);
    }
    .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.35rem 1.5rem;
    }
    .legend i {
        color: var(--quiet);
        font-style: normal;
        font-size: 0.925rem;
    }
    .swatch {
        display: inline-block;
        width: 0.75em;
        height: 0.75em;
        margin-right: 0.4em;
    }
    .stored {
        fill: var(--stored);
    }
    .quarantined {
        fill: var(--quarantined);
    }
    .duplicate {
        fill: var(--duplicate);
    }
    .trimmed {
        fill: var(--trimmed);
    }
    .pending {
        fill: var(--pending);
    }
    .unsent {
        fill: var(--unsent);
    }
    table {
        border-collapse: collapse;
        width: 100%;
        font-size: 0.925rem;
    }
    th {
        text-align: left;
        font-weight: 600;
    }
    thead th {
        color: var(--quiet);
    }
    th,
    td {
        padding: 0.45rem 1rem 0.45rem 0;
        vertical-align: top;
        border-top: 1px solid var(--line);
    }
    thead th {
        border-top: 0;
    }
    th:last-child,
    td:last-child {
        padding-right: 0;
    }
    .fields {
        table-layout: fixed;
    }
    .fields th:first-child {
        width: 31%;
    }
    .fields th:nth-child(2) {
        width: 25%;
    }
    .fields th:nth-child(3),
    .fields th:nth-child(4) {
        width: 10%;
    }
    .number {
        text-align: right;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
    }
    thead .number {
        white-space: normal;
    }
    .fields .number b {
        color: var(--failed);
    }
    .fields small {
        display: block;
        font-weight: 400;
        color: var(--quiet);
        font-size: 0.875rem;
    }
    .share {
        height: 0.5rem;
        margin-top: 0.25rem;
        border-radius: 2px;
    }
    .names {
        display: flex;
        flex-wrap: wrap;
        gap: 0.15rem 1rem;
        margin-top: 0.25rem;
        font-size: 0.925rem;
    }
    .field {
        padding: 1rem 0 0.5rem;
        border-top: 1px solid var(--line);
    }
    .field:first-child {
        border-top: 0;
    }
    .field h3 + ul {
        margin-top: 0.25rem;
    }
    .field .note {
        margin-bottom: 0.25rem;
    }
    .reason {
        padding: 0.2rem 0 0.6rem;
    }
    .reason > p {
        display: flex;
        gap: 1rem;
        justify-content: space-between;
        align-items: baseline;
    }
    .reason > p > span:last-child {
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
    }
    .samples {
        margin: 0.1rem 0 0 1rem;
        font-size: 0.925rem;
    }
    .samples li {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 0 1.5rem;
        padding: 0.2rem 0;
    }
    .samples small {
        color: var(--quiet);
        font-size: 1em;
    }
    .samples span:only-child {
        grid-column: 1 / -1;
    }
    .value {
        white-space: pre-wrap;
    }
    pre {
        margin: 0.5rem 0;
        padding: 0.6rem 0.8rem;
        background: var(--raised);
        border: 1px solid var(--line);
        border-radius: 4px;
        white-space: pre-wrap;
    }
    .steps li {
        margin-top: 0.75rem;
    }
    .chart {
        height: 7rem;
        margin-top: 0.35rem;
        border-bottom: 1px solid var(--quiet);
        background: var(--raised);
    }
    .axis {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        color: var(--quiet);
        font-size: 0.925rem;
    }
    .facts {
        columns: 20rem 2;
        column-gap: 2.5rem;
    }
    .facts section,
    .technical section {
        break-inside: avoid;
        margin: 0;
        padding-top: 1.5rem;
    }
    .facts dl div {
        display: flex;
        gap: 1rem;
        justify-content: space-between;
        padding: 0.35rem 0;
        border-top: 1px solid var(--line);
        font-size: 0.925rem;
    }
    dt {
        color: var(--quiet);
        flex: none;
        max-width: 62%;
    }
    dd {
        text-align: right;
        font-variant-numeric: tabular-nums;
        min-width: 0;
    }
    @media (max-width: 40rem) {
        main {
            padding-top: 1.5rem;
        }
        .fields thead {
            position: absolute;
            width: 1px;
            height: 1px;
            overflow: hidden;
            clip-path: inset(50%);
            white-space: nowrap;
        }
        .fields,
        .fields tbody {
            display: block;
        }
        .fields tr {
            display: grid;
            grid-template-columns: 1fr auto auto;
            gap: 0 1rem;
            padding: 0.5rem 0;
            border-top: 1px solid var(--line);
        }
        .fields th:first-child,
        .fields td:nth-child(5) {
            grid-column: 1 / -1;
            width: auto;
        }
        .fields td,
        .fields th {
            border: 0;
            padding: 0.1rem 0;
        }
        .fields td:nth-child(3)::after {
            content: ' null';
        }
        .fields td:nth-child(4)::after {
            content: ' failed';
        }
        .samples li {
            display: block;
        }
        .samples li span {
            display: block;
        }
    }
    @media (forced-colors: active) {
        svg {
            forced-color-adjust: none;
        }
        .bar,
        .share,
        .swatch {
            outline: 1px solid CanvasText;
        }
        .track {
            fill: Canvas;
        }
        .stored {
            fill: Highlight;
        }
        .quarantined,
        .unsent {
            fill: CanvasText;
        }
        .duplicate,
        .trimmed,
        .pending {
            fill: GrayText;
        }
    }
    @media print {
        :root {
            color-scheme: light;
            --ground: #fff;
            --raised: #fff;
            --text: #000;
            --quiet: #444;
            --line: #bbb;
            --link: #000;
            --stored: #2b6f8e;
            --quarantined: #c65a11;
            --duplicate: #a88a2d;
            --trimmed: #8a6fb0;
            --pending: #8ea6b3;
            --unsent: #b3261e;
            --passed: #1f7a45;
            --warned: #9a4a06;
            --failed: #b3261e;
        }
        * {
            print-color-adjust: exact;
            -webkit-print-color-adjust: exact;
        }
        main {
            max-width: none;
            padding: 0;
        }
        h2,
        h3,
        summary {
            break-after: avoid;
        }
        tr,
        li,
        .verdict,
        figure {
            break-inside: avoid;
        }
        .field {
            break-inside: auto;
        }
        summary {
            list-style: none;
            color: var(--quiet);
        }
        .figures {
            display: none;
        }
        details::details-content {
            content-visibility: visible;
            block-size: auto;
        }
    }
`;
