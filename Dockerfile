# One image for the three APIs; the command picks which (see docker-compose.yml).
FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV NX_DAEMON=false NX_NO_CLOUD=true
# First what changes seldom, so that the installation is taken from the layer cache.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# All files belong to root: the process cannot change its own program.
USER node
CMD ["node", "--enable-source-maps", "dist/apps/patient-api/main.mjs"]
