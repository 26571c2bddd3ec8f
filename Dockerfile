# syntax=docker/dockerfile:1
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/copy-data.mjs scripts/
COPY src src
COPY tools tools
RUN npm run build && npm prune --omit=dev --no-save --ignore-scripts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    BEDROCK_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
# MCP over stdio by default: `docker run -i`. For HTTP set BEDROCK_TRANSPORT=http, BEDROCK_HTTP_HOST=0.0.0.0 and API keys or
# an identity provider (docs/deployment.md); the health endpoint answers then. Over stdio a running process is all there is
# to check.
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD node -e "if (process.env.BEDROCK_TRANSPORT !== 'http') process.exit(0); fetch('http://127.0.0.1:' + (process.env.BEDROCK_HTTP_PORT ?? 8765) + '/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["node", "dist/src/main.js"]
