import { readFileSync } from "node:fs";
import type { PeerRecipe } from "./peer.ts";

export type PeerName = "mlserver" | "pytriton" | "kserve";

/** How each server is run; what its own program does is in the folder of its name. */
export const recipes: Readonly<Record<PeerName, PeerRecipe>> = {
  mlserver: ({ model, onnx, grpc, http, metrics, folder }) => ({
    program: "mlserver",
    args: ["start", "."],
    files: {
      "settings.json": JSON.stringify({
        ...{ host: "127.0.0.1", http_port: http, grpc_port: grpc, metrics_port: metrics },
        ...{ debug: false, extensions: [] },
      }),
      "model-settings.json": JSON.stringify({
        ...{ name: model, implementation: "model.OnnxModel", parameters: { uri: onnx } },
        ...{ max_batch_size: 64, max_batch_time: 0.005 },
      }),
      "model.py": readFileSync(`${folder}/model.py`, "utf8"),
    },
  }),
  pytriton: ({ model, onnx, grpc, http, metrics, folder }) => ({
    program: "python",
    args: [`${folder}/serve.py`, model, onnx, ...[grpc, http, metrics].map(String)],
    files: {},
  }),
  kserve: ({ model, onnx, grpc, http, folder }) => ({
    program: "python",
    args: [`${folder}/serve.py`, model, onnx, String(grpc), String(http)],
    files: {},
  }),
};
