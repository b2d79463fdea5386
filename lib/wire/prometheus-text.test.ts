import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countsOf, mergeExpositions, sumExpositions } from "./prometheus-text.ts";

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

const first = `# HELP requests_total Requests answered.
# TYPE requests_total counter
requests_total{gateway="a",model="wine"} 3
requests_total{model="credit",gateway="a"} 1
# TYPE alone_total counter
alone_total{gateway="a"} 0.5
# TYPE wait_seconds histogram
wait_seconds_sum{gateway="a"} 0.5
wait_seconds_count{gateway="a"} 3
wait_seconds_bucket{gateway="a",le="1"} 2
wait_seconds_bucket{gateway="a",le="+Inf"} 3
# TYPE held_bytes gauge
held_bytes{gateway="a"} 7
`;
const second = first
  .replaceAll('gateway="a"', 'gateway="b"')
  .replace(/# TYPE alone_total.*\n.*\n/, "");

describe("adding expositions up", () => {
  it("adds counters and histograms, and keeps the gauges of each", () => {
    expect(
      sumExpositions([first, second], "gateway"),
    ).toBe(`# HELP requests_total Requests answered.
# TYPE requests_total counter
requests_total{model="wine"} 6
requests_total{model="credit"} 2
# TYPE alone_total counter
alone_total 0.5
# TYPE wait_seconds histogram
wait_seconds_sum 1
wait_seconds_count 6
wait_seconds_bucket{le="1"} 4
wait_seconds_bucket{le="+Inf"} 6
# TYPE held_bytes gauge
held_bytes{gateway="a"} 7
held_bytes{gateway="b"} 7
`);
  });

  it("takes what has been added up as one more part of the sum", () => {
    const whole = sumExpositions([first, second], "gateway");
    const past = sumExpositions([countsOf(first)], "gateway");
    expect(countsOf(sumExpositions([past, second], "gateway"))).toBe(countsOf(whole));
    expect(countsOf(whole)).not.toContain("held_bytes");
  });

  it("leaves alone what label values hold", () => {
    const text = '# TYPE a counter\na{x=",gateway=",gateway="a",y="\\"}"} 1\n';
    expect(sumExpositions([text], "gateway")).toBe(
      '# TYPE a counter\na{x=",gateway=",y="\\"}"} 1\n',
    );
  });

  it("adds any number of processes, in any order", () => {
    const counts = fc.array(fc.nat(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, (values) => {
        const texts = values.map((value, n) => `# TYPE a counter\na{gateway="${n}"} ${value}\n`);
        const total = values.reduce((sum, value) => sum + value, 0);
        const expected = `# TYPE a counter\na ${total}\n`;
        expect(sumExpositions(texts, "gateway")).toBe(expected);
        expect(sumExpositions(texts.toReversed(), "gateway")).toBe(expected);
        // One after the other, as processes end.
        const folded = texts.reduce((past, text) => sumExpositions([past, text], "gateway"), "");
        expect(folded).toBe(expected);
      }),
    );
  });
});
