// Fetches three figures and prints them as a dashboard would draw them. Every name and type is that of the OpenAPI document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Light = components["schemas"]["Light"];
/** Figures are sheets as well; this asks for JSON. */
type Media = "application/json" | "application/problem+json";

const url = process.env["MELDPUNT_URL"] ?? "http://127.0.0.1:8080";
const password = process.env["MELDPUNT_PASSWORD"] ?? "knellende regels";
const everybody = createClient<paths, Media>({ baseUrl: `${url}/v1` });

/** What was answered, or the problem as an error. */
function expect<T>(answer: { data?: T; error?: components["schemas"]["Problem"]; response: Response }): T {
  if (answer.error !== undefined || answer.data === undefined) {
    throw new Error(`${answer.response.status} ${answer.error?.code}: ${answer.error?.detail}`);
  }
  return answer.data;
}

const bar = (part: number, whole: number) => "█".repeat(whole === 0 ? 0 : Math.round((part / whole) * 30));
const lights: Record<Light, string> = { green: "●", amber: "◐", red: "○" };

// A dashboard of its own would be an API client with the role analyst and the scope `statistics`.
const body = { email: "analist@bzk.example", password };
const { accessToken } = expect(await everybody.POST("/sessions", { body }));
const analyst = createClient<paths, Media>({ baseUrl: `${url}/v1`, headers: { Authorization: `Bearer ${accessToken}` } });

const counts = expect(await analyst.GET("/statistics/reports", { params: { query: { by: "status" } } }));
console.log(`Reports by status: ${counts.total.reports}, by ${counts.total.organisations} organisations`);
for (const { label, reports } of counts.items) {
  console.log(`  ${label.padEnd(24)} ${String(reports).padStart(5)} ${bar(reports, counts.total.reports)}`);
}

const promises = expect(await analyst.GET("/statistics/promises", { params: { query: { by: "authority" } } }));
console.log("\nWho is in time");
for (const { authority, label, shareInTime, light } of promises.items) {
  if (shareInTime == null || light == null) continue;
  console.log(`  ${lights[light]} ${String(Math.round(shareInTime * 100)).padStart(3)} %  ${label}, ${authority?.name}`);
}

// What everybody may read takes no token.
const spots = expect(await everybody.GET("/public/statistics/hot-spots", { params: { query: { by: "article", limit: 5 } } }));
console.log("\nWhere it hurts, of what is published");
for (const { label, municipalities, reports, reportsLately, reportsBefore } of spots.items) {
  const trend = reportsLately > reportsBefore ? "rising" : reportsLately < reportsBefore ? "falling" : "steady";
  console.log(`  ${label.padEnd(32)} ${municipalities} municipalities, ${reports} reports, ${trend}`);
}

if (counts.basis !== "government" || spots.basis !== "public" || counts.total.reports === 0) process.exit(1);
