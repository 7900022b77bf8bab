import { css } from './markup.js';

/** What became of the items, and why. */
export const ITEMS_STYLE = css`
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
        list-style: none;
        margin: 0;
        padding: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 0.35rem 1.5rem;
    }
    .legend i {
        color: var(--quiet);
        font-style: normal;
        font-size: 0.9rem;
    }
    .legend li::before,
    .panel span::before {
        content: '';
        display: inline-block;
        width: 0.75em;
        height: 0.75em;
        margin-right: 0.5em;
        border-radius: 2px;
        background: var(--mark);
    }
    rect.stored,
    path.stored {
        fill: var(--stored);
    }
    li.stored,
    span.stored {
        --mark: var(--stored);
    }
    rect.quarantined,
    path.quarantined {
        fill: var(--quarantined);
    }
    li.quarantined,
    span.quarantined {
        --mark: var(--quarantined);
    }
    rect.trimmed {
        fill: var(--trimmed);
    }
    li.trimmed {
        --mark: var(--trimmed);
    }
    rect.discarded {
        fill: var(--discarded);
    }
    li.discarded {
        --mark: var(--discarded);
    }
    rect.pending {
        fill: var(--pending);
    }
    li.pending {
        --mark: var(--pending);
    }
    rect.unsent {
        fill: var(--unsent);
    }
    li.unsent {
        --mark: var(--unsent);
    }
    .reasons {
        list-style: none;
        margin: 1.25rem 0 0;
        padding: 0;
    }
    .reason {
        padding: 1rem 0 1.1rem;
        border-top: 1px solid var(--line);
    }
    .head {
        display: flex;
        gap: 1.25rem;
        justify-content: space-between;
        align-items: baseline;
    }
    .head code {
        background: var(--raised);
        border: 1px solid var(--line);
        border-radius: 4px;
        padding: 0.05em 0.35em;
    }
    .rule {
        font-weight: 400;
    }
    .figures b {
        font-size: 1.15rem;
    }
    p.figures {
        text-align: right;
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
    }
    p.figures span {
        color: var(--quiet);
        font-size: 0.9rem;
        margin-left: 0.35rem;
    }
    .share {
        height: 4px;
        margin: 0.6rem 0 0.5rem;
        border-radius: 2px;
    }
    table {
        border-collapse: collapse;
        width: 100%;
        font-size: 0.9rem;
    }
    th {
        text-align: left;
        font-weight: 600;
        color: var(--quiet);
    }
    th,
    td {
        padding: 0.4rem 1rem 0.4rem 0;
        vertical-align: top;
    }
    .samples {
        table-layout: fixed;
        margin-top: 0.25rem;
    }
    .samples th:first-child {
        width: 28%;
    }
    .samples th:nth-child(2) {
        width: 34%;
    }
    .samples td {
        overflow: hidden;
    }
    .none {
        color: var(--quiet);
    }
    .value {
        white-space: pre-wrap;
    }
    table.figures {
        font-variant-numeric: tabular-nums;
    }
    table.figures th,
    table.figures td {
        border-top: 1px solid var(--line);
    }
    @media (max-width: 34rem) {
        .samples thead {
            position: absolute;
            width: 1px;
            height: 1px;
            overflow: hidden;
            clip-path: inset(50%);
            white-space: nowrap;
        }
        .samples,
        .samples tbody,
        .samples tr,
        .samples td {
            display: block;
        }
        .samples tr {
            padding: 0.5rem 0;
        }
        .samples tr + tr {
            border-top: 1px solid var(--line);
        }
        .samples td {
            padding: 0.1rem 0;
        }
        .samples td:first-child {
            color: var(--quiet);
        }
    }
`;
