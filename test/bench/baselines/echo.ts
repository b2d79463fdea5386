/** A bare grpc-js server that gives back what it gets, or so many bytes as its argument says. */
import { serve } from "./serve.ts";

const [replyBytes] = process.argv.slice(2);
const fixed = replyBytes === undefined ? undefined : new Uint8Array(Number(replyBytes));

await serve((call, callback) => callback(null, fixed ?? call.request));
