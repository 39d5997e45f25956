// Hands in a report as a municipality, has it assessed by the ministry and settled by the desk, and reads how it ended.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Report = components["schemas"]["Report"];
type Transition = components["schemas"]["TransitionRequest"];

const url = process.env["MELDPUNT_URL"] ?? "http://127.0.0.1:8080";
const password = process.env["MELDPUNT_PASSWORD"] ?? "knellende regels";

/** What was answered, or the problem as an error: its `code` is stable, its texts are for people. */
function expect<T>(answer: { data?: T; error?: components["schemas"]["Problem"]; response: Response }): T {
  if (answer.error !== undefined || answer.data === undefined) {
    const { error, response } = answer;
    throw new Error(`${response.status} ${error?.code}: ${error?.detail} ${JSON.stringify(error?.errors ?? [])}`);
  }
  return answer.data;
}

/** A client that is signed in. */
async function signIn(email: string) {
  const client = createClient<paths>({ baseUrl: `${url}/v1` });
  const { accessToken } = expect(await client.POST("/sessions", { body: { email, password } }));
  client.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${accessToken}`) });
  return client;
}

type Client = Awaited<ReturnType<typeof signIn>>;

/** Reads the report and acts on that version: who acts on an older one is told 412 and looks again. */
async function act(client: Client, id: string, transition: Transition): Promise<Report> {
  const read = await client.GET("/reports/{id}", { params: { path: { id } } });
  expect(read);
  const version = read.response.headers.get("ETag") ?? "";
  const params = { path: { id }, header: { "If-Match": version } };
  const report = expect(await client.POST("/reports/{id}/transitions", { params, body: transition }));
  console.log(`${transition.action.padEnd(14)} ${report.status}`);
  return report;
}

const reporter = await signIn("melder@sluis.example");
const submitted = expect(
  await reporter.POST("/reports", {
    // The same key and body give the same answer again: safe to repeat after a broken connection.
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      title: "Opheffingsnorm dwingt laatste dorpsschool tot sluiting",
      description: "De enige basisschool in de kern telt 41 leerlingen, onder de norm van 47.",
      effect: "De school sluit; leerlingen reizen elf kilometer.",
      regulations: [{ citation: "BWBR0003420", article: "153" }],
      domains: ["onderwijs-po"],
      municipalities: ["GM1714"],
    },
  }),
);
console.log(`${submitted.reference} ${submitted.status}, at ${submitted.leadAuthority?.abbreviation ?? "the desk"}`);

const desk = await signIn("loket@bzk.example");
const liaison = await signIn("contact@ocw.example");
if (submitted.status === "submitted") {
  const ministries = expect(await desk.GET("/organisations", { params: { query: { q: "OCW" } } }));
  const lead = ministries.items.find((found) => found.abbreviation === "OCW");
  if (lead === undefined) throw new Error("OCW is not there");
  await act(desk, submitted.id, { action: "route", lead: lead.id, contributors: [], explanation: "De norm staat in de WPO." });
}
await act(liaison, submitted.id, { action: "accept" });
const publicExplanation = "De wet laat een gemiddelde schoolgrootte toe.";
await act(liaison, submitted.id, { action: "take_position", outcome: "existing_room", publicExplanation });
await act(desk, submitted.id, { action: "settle", outcome: "existing_room", publicExplanation, room: "WPO artikel 157" });

const result = expect(await reporter.GET("/reports/{id}", { params: { path: { id: submitted.id } } }));
console.log(`${result.reference} ${result.status}: ${result.settlement?.outcome}, ${result.settlement?.publicExplanation}`);
if (result.status !== "settled" || result.settlement?.outcome !== "existing_room") process.exit(1);
