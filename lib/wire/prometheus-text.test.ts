import { describe, expect, it } from "vitest";
import { mergeExpositions } from "./prometheus-text.ts";

const one = `# HELP requests_total Requests answered.
# TYPE requests_total counter
requests_total{model="wine"} 3
# HELP wait_seconds Time in the queue.
# UNIT wait_seconds s
# TYPE wait_seconds histogram
wait_seconds_count{model="wine"} 3
wait_seconds_sum{model="wine"} 0.5
wait_seconds_bucket{model="wine",le="1"} 3
wait_seconds_bucket{model="wine",le="+Inf"} 3
`;
const two = one.replaceAll("wine", "credit");

describe("merging expositions", () => {
  it("tells every family once and keeps every series", () => {
    const merged = mergeExpositions([one, two]);
    expect(merged).toBe(`# HELP requests_total Requests answered.
# TYPE requests_total counter
requests_total{model="wine"} 3
requests_total{model="credit"} 3
# HELP wait_seconds Time in the queue.
# TYPE wait_seconds histogram
wait_seconds_count{model="wine"} 3
wait_seconds_sum{model="wine"} 0.5
wait_seconds_bucket{model="wine",le="1"} 3
wait_seconds_bucket{model="wine",le="+Inf"} 3
wait_seconds_count{model="credit"} 3
wait_seconds_sum{model="credit"} 0.5
wait_seconds_bucket{model="credit",le="1"} 3
wait_seconds_bucket{model="credit",le="+Inf"} 3
`);
  });

  it("changes nothing that is merged already", () => {
    const merged = mergeExpositions([one, two]);
    expect(mergeExpositions([merged])).toBe(merged);
    expect(mergeExpositions([merged, one])).toBe(merged);
  });

  it("leaves out samples of a family whose type differs", () => {
    const other = "# TYPE requests_total gauge\nrequests_total 7\n";
    expect(mergeExpositions([one, other])).toBe(mergeExpositions([one]));
  });

  it("leaves out families without samples and empty expositions", () => {
    expect(mergeExpositions(["# no registered metrics", "", "# TYPE a gauge\n"])).toBe("");
  });

  it("takes samples without a type as untyped", () => {
    expect(mergeExpositions(["a 1\n", 'a{b="c"} 2\n'])).toBe('# TYPE a untyped\na 1\na{b="c"} 2\n');
  });

  it("tells series apart whatever their label values hold", () => {
    const text = '# TYPE a gauge\na{b="} 1"} 1\na{b="} 2"} 1\na{b="\\"}"} 1\n';
    expect(mergeExpositions([text])).toBe(text);
  });
});
