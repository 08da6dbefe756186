// PostGraphile 5 as its manual recommends it for production: the Amber preset, no development checks, one pool.
// Its contract comes from the schema `peer` of the database (peer.sql).
import { createServer } from "node:http";
import pg from "pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { postgraphile } from "postgraphile";

// Node 20 does not have it yet; PostGraphile asks for Node 22.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const [port, folder, size] = process.argv.slice(2);
const pool = new pg.Pool({
  host: folder, port: 5432, user: "postgres", database: "bench", max: Number(size), options: "-c jit=off -c timezone=UTC",
});
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["peer"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false },
  grafast: { explain: false },
};
const server = createServer();
server.on("error", (failed) => { console.error(failed); process.exit(1); });
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
