// Finds descriptors by file name and by symbol, for reflection.
import { type DescEnum, type DescFile, type DescMessage, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

export interface ReflectionIndex {
  /** Full names of the services served, ascending. */
  readonly serviceNames: readonly string[];
  /** The file of this name, and every file that it needs, as serialised FileDescriptorProtos. */
  readonly byFile: (name: string) => readonly Uint8Array[] | undefined;
  /** As `byFile`, of the file that declares the service, method, message, field, oneof, enum or enum value of this full name. */
  readonly bySymbol: (name: string) => readonly Uint8Array[] | undefined;
  readonly hasMessage: (name: string) => boolean;
}

export function createReflectionIndex(services: readonly DescService[]): ReflectionIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const messages = new Set<string>();
  for (const service of services) addFile(service.file);

  function addFile(file: DescFile): void {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    for (const service of file.services) {
      symbols.set(service.typeName, file);
      for (const method of service.methods) symbols.set(`${service.typeName}.${method.name}`, file);
    }
    for (const message of file.messages) addMessage(message);
    for (const desc of file.enums) addEnum(desc, file.proto.package);
    for (const dependency of file.dependencies) addFile(dependency);
  }

  function addMessage(message: DescMessage): void {
    symbols.set(message.typeName, message.file);
    messages.add(message.typeName);
    for (const part of [...message.fields, ...message.oneofs])
      symbols.set(`${message.typeName}.${part.name}`, message.file);
    for (const nested of message.nestedMessages) addMessage(nested);
    for (const nested of message.nestedEnums) addEnum(nested, message.typeName);
  }

  /** Values of an enum stand beside it, in the scope around it. */
  function addEnum(desc: DescEnum, scope: string): void {
    symbols.set(desc.typeName, desc.file);
    for (const value of desc.values) symbols.set(scope === "" ? value.name : `${scope}.${value.name}`, desc.file);
  }

  return {
    serviceNames: services.map((service) => service.typeName).sort(),
    byFile: (name) => withDependencies(files.get(name)),
    bySymbol: (name) => withDependencies(symbols.get(name)),
    hasMessage: (name) => messages.has(name),
  };
}

function withDependencies(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const seen = new Set<DescFile>();
  const sorted: DescFile[] = [];
  const add = (next: DescFile): void => {
    if (seen.has(next)) return;
    seen.add(next);
    for (const dependency of next.dependencies) add(dependency);
    sorted.push(next);
  };
  add(file);
  // The file itself first, and each before those that it imports.
  return sorted.reverse().map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}
