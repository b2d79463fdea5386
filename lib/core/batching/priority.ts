/**
 * The level a request without a priority of its own has: the middle one, the more urgent of two. 0
 * where there are no levels.
 */
export function defaultLevel(priorityLevels: number): number {
  return Math.ceil(priorityLevels / 2);
}

/**
 * The level of a request, 1 being the most urgent. As with Triton a priority of 0, and one there is
 * no level for, stand for the default.
 */
export function levelOf(priority: number, priorityLevels: number): number {
  const isLevel = priority >= 1 && priority <= priorityLevels;
  return isLevel ? priority : defaultLevel(priorityLevels);
}
