import { ColumnPlan, type PlanSource } from "./column-plan.ts";

/** What a request may change of a plan. */
export type PlannedRequest = Pick<PlanSource, "inputs" | "outputs" | "rows">;

/** Requests that differ in the shape of a row or ask for other outputs have other plans. */
const plansMax = 8;

/** The plans of one model for the latest kinds of requests. */
export class ColumnPlans {
  readonly #model: Omit<PlanSource, keyof PlannedRequest>;
  /** The latest used first. */
  readonly #plans: ColumnPlan[] = [];

  constructor(model: Omit<PlanSource, keyof PlannedRequest>) {
    this.#model = model;
  }

  /** The plan that suits a request, made where there is none yet. */
  of(request: PlannedRequest): ColumnPlan {
    const [latest] = this.#plans;
    if (latest?.suits(request) === true) return latest;
    const at = this.#plans.findIndex((plan) => plan.suits(request));
    const [known] = at < 0 ? [] : this.#plans.splice(at, 1);
    const plan = known ?? new ColumnPlan({ ...this.#model, ...request });
    this.#plans.unshift(plan);
    if (this.#plans.length > plansMax) this.#plans.pop();
    return plan;
  }
}
