// The service as a later version of the protocol may have it: every message of today, with fields, events and enum values that
// no client of today knows. The scripted server speaks it, in binary form and in JSON alike.
import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  EnumValueDescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { UserStatusService } from "@userstatus/protocol";

/** Numbers of what is new: far from those that the next versions will use. */
const newField = 1000;
export const newEnumNumber = 90;

let built: FileRegistry | undefined;

/** Made once, when it is first needed. */
function registry(): FileRegistry {
  built ??= createFileRegistry(
    create(FileDescriptorSetSchema, { file: filesOf(UserStatusService.file).map(({ proto }) => extended(proto)) }),
  );
  return built;
}

/** The service of tomorrow. */
export function tomorrowService(): DescService {
  const found = registry().getService(UserStatusService.typeName);
  if (found === undefined) throw new RangeError("no service");
  return found;
}

/** A message of tomorrow, by its name in `userstatus.v1`. */
export function tomorrowMessage(name: string): DescMessage {
  const found = registry().getMessage(`userstatus.v1.${name}`);
  if (found === undefined) throw new RangeError(`no message ${name}`);
  return found;
}

/** A file and what it imports, imports first. */
function filesOf(file: DescFile, found: Map<string, DescFile> = new Map()): DescFile[] {
  for (const dependency of file.dependencies) filesOf(dependency, found);
  found.set(file.name, file);
  return [...found.values()];
}

function extended(proto: FileDescriptorProto): FileDescriptorProto {
  if (proto.package !== "userstatus.v1") return proto;
  const file = clone(FileDescriptorProtoSchema, proto);
  for (const message of file.messageType) {
    message.field.push(textField("future_note", newField));
    if (message.name === "WatchEvent") addEvent(message);
  }
  for (const { name = "", value } of file.enumType) {
    const prefix = name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
    value.push(create(EnumValueDescriptorProtoSchema, { name: `${prefix}_FROM_TOMORROW`, number: newEnumNumber }));
  }
  return file;
}

function textField(name: string, number: number) {
  const type = FieldDescriptorProto_Type.STRING;
  const jsonName = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    jsonName,
    type,
    label: FieldDescriptorProto_Label.OPTIONAL,
  });
}

/** A kind of event that nobody knows: `futureEvent`. */
function addEvent(message: DescriptorProto): void {
  const field = textField("future_event", newField + 1);
  field.type = FieldDescriptorProto_Type.MESSAGE;
  field.typeName = ".userstatus.v1.UserStatus";
  field.oneofIndex = 0;
  message.field.push(field);
}
