/**
 * What a request may list one by one. Each element becomes a slot or an object of its own: sixty
 * megabytes of numbers or texts of a byte or two take gigabytes and many seconds, and one caller
 * could end a worker. As many are decoded in about a tenth of a second.
 */
export const listedMax: number = 2 ** 20;
