# The conformance suite for machines without Node: docker build -t userstatus-conformance . && docker run --rm --network host userstatus-conformance --help
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run --silent build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /src
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/protocol ./protocol
COPY --from=build /src/conformance ./conformance
# Reports are written where the caller mounts a directory: docker run -v "$PWD:/work" …
WORKDIR /work
USER node
ENTRYPOINT ["node", "/src/conformance/dist/cli.js"]
