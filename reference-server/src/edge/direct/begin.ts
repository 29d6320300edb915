// How a call past the RPC library begins: its headers are looked at, the gate asked, the body read, the message decoded. Whatever is not plain is handed over.
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues } from "@connectrpc/connect";
import { createMethodSerializationLookup, type MethodSerializationLookup } from "@connectrpc/connect/protocol";
import type { GatedCall } from "../auth/gate.ts";
import { envelopeBytes, messageOf } from "./envelopes.ts";
import { type Form, type Forms, formOf } from "./forms.ts";
import type { Body, Wire } from "./wire.ts";

export interface BeginOptions {
  /** Authentication, unobserved: what it refuses goes to the library, whose gate refuses it again. */
  readonly gate: (call: GatedCall) => Promise<void>;
  /** Most bytes of a request message. */
  readonly readMaxBytes: number;
  readonly onFault: (fault: unknown) => void;
}

/** Takes a call, or leaves it alone and answers false. */
export type DirectCalls = (wire: Wire) => boolean;

/** A method as messages are read and written for it. */
export interface Coded {
  readonly desc: DescMethod;
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
}

/** A call whose message was read. */
export interface Begun {
  readonly wire: Wire;
  readonly form: Form;
  readonly request: Message;
  readonly values: ContextValues;
  readonly body: Body;
  /** When its headers had come, on the clock of `performance`. */
  readonly startMs: number;
}

export function codedOf(desc: DescMethod, readMaxBytes: number): Coded {
  const limits = { readMaxBytes, writeMaxBytes: 0xffff_ffff };
  return { desc, serialization: createMethodSerializationLookup(desc, undefined, undefined, limits) };
}

export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Begins a call, and then goes on with `next`; false: it is none for this way, and nothing has happened. */
export type Begin = (coded: Coded, forms: Forms, wire: Wire, next: (begun: Begun) => Promise<void>) => boolean;

export function createBegin({ gate, readMaxBytes, onFault }: BeginOptions): Begin {
  let knownAuthority = "";
  /** The library makes an URL of it, and answers 400 where it can't. */
  const isUsable = (authority: string | undefined): boolean => {
    if (authority === undefined) return false;
    if (authority === knownAuthority) return true;
    if (!URL.canParse(`http://${authority}/`)) return false;
    knownAuthority = authority;
    return true;
  };

  const admit = async ({ desc }: Coded, { headers }: Wire, values: ContextValues): Promise<boolean> => {
    const requestHeader = { get: (name: string) => headerOf(headers, name) };
    try {
      await gate({ service: desc.parent, method: desc, requestHeader, values });
      return true;
    } catch {
      return false;
    }
  };

  const begin = async (coded: Coded, form: Form, wire: Wire, next: (begun: Begun) => Promise<void>): Promise<void> => {
    const startMs = performance.now();
    const values = createContextValues();
    if (!(await admit(coded, wire, values))) return wire.handOver({});
    wire.read(readMaxBytes + envelopeBytes, (body) => {
      const message = body.whole ? messageOf(body.chunks, form.enveloped) : undefined;
      const request = message && parsed(coded, form, message);
      if (request === undefined) wire.handOver({ body });
      else next({ wire, form, request, values, body, startMs }).catch(onFault);
    });
  };

  return (coded, forms, wire, next) => {
    const form = formOf(forms, wire.headers, wire.http2);
    if (form === undefined || !isUsable(wire.authority)) return false;
    // What will be too large is answered by the library before it is read.
    if (Number(wire.headers["content-length"] ?? 0) > readMaxBytes) return false;
    begin(coded, form, wire, next).catch(onFault);
    return true;
  };
}

function headerOf(headers: Wire["headers"], name: string): string | null {
  const value = headers[name.toLowerCase()];
  return typeof value === "string" ? value : null;
}

function parsed({ serialization }: Coded, { binary }: Form, message: Uint8Array): Message | undefined {
  try {
    return serialization.getI(binary).parse(message);
  } catch {
    return undefined;
  }
}
