// Runs the audits of `graphql-http` against a service: node graphql_http.mjs URL TOKEN. Exit 1 unless all that MUST or
// SHOULD be are, and all that MAY be except what is about GET: only POST executes.
import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });

const results = await auditServer({ url, fetchFn });
const missed = results.filter(({ status }) => status !== "ok");
const failed = missed.filter(({ name }) => !(name.startsWith("MAY") && /\bGETs?\b/.test(name)));
for (const { id, name, reason } of missed) console.log(`not kept: ${id} ${name}: ${reason}`);
console.log(`${results.length} audits, ${results.length - missed.length} kept, ${failed.length} failed`);
process.exit(results.length === 0 || failed.length > 0 ? 1 : 0);
