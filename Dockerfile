# Builds with everything, runs with what the Actor needs. `scripts/docker-steps.mjs` walks through these steps without
# Docker, so keep to the instructions that it knows: FROM, COPY, RUN and CMD.

FROM apify/actor-node:22 AS builder

# The lists of packages come first, so that the installed packages are taken from the cache until a list changes.
COPY --chown=myuser:myuser package*.json ./
COPY --chown=myuser:myuser src/actor/package.json ./src/actor/

# The base image sets NODE_ENV=production; the compiler is a development dependency.
RUN npm ci --include=dev --audit=false --fund=false

COPY --chown=myuser:myuser . ./
RUN npm run build

FROM apify/actor-node:22

COPY --chown=myuser:myuser package*.json ./
COPY --chown=myuser:myuser src/actor/package.json ./src/actor/

# The library names apify and crawlee as peers only; the workspace src/actor brings them, in the versions of the lock.
RUN npm ci --omit=dev --omit=optional --audit=false --fund=false \
    && npm ls --omit=dev apify crawlee \
    && rm -rf ~/.npm

COPY --from=builder --chown=myuser:myuser /usr/src/app/dist ./dist
COPY --chown=myuser:myuser .actor ./.actor

CMD npm run start:prod --silent
