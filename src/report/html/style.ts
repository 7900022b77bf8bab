import { css } from './markup.js';
import { ITEMS_STYLE } from './style-items.js';
import { PAGE_STYLE } from './style-page.js';
import { RUN_STYLE } from './style-run.js';

/** The page's one style sheet. */
export const STYLE = css`
    ${PAGE_STYLE}
    ${ITEMS_STYLE}
    ${RUN_STYLE}
`;
