// The same in a page of a browser: whoever opened the page puts lines in by `take`, and gets them by `hear`.
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { createDriver } from "./driver.ts";

/** What the page and its opener share. */
interface DrivenPage {
  /** Takes a command. Set by this script. */
  take: (text: string) => void;
  /** Gets each line. Set by the opener. */
  readonly hear: (text: string) => void;
}

const page = globalThis as unknown as DrivenPage;

const driver = createDriver({
  name: "@userstatus/client in a browser",
  protocols: ["connect", "grpc-web"],
  openWay: (baseUrl, protocol) => ({
    transport: protocol === "grpc-web" ? createGrpcWebTransport({ baseUrl }) : createConnectTransport({ baseUrl }),
    // A browser gives no hold on its connections.
    renew: () => {},
    close: () => {},
  }),
  write: (line) => page.hear(JSON.stringify(line)),
});

page.take = driver.take;
