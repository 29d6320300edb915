"""Generates gen/ from proto/ with the protoc inside grpcio-tools. (buf can't run it: its gRPC plugin is no program of its own.)"""

import sys
from pathlib import Path

from grpc_tools import protoc

here = Path(__file__).parent
protos = here / "../../../proto"
out = here / "gen"
out.mkdir(exist_ok=True)
files = sorted(str(file.relative_to(protos)) for file in protos.glob("userstatus/v1/*.proto"))
well_known = Path(protoc.__file__).parent / "_proto"
outputs = [f"--{plugin}_out={out}" for plugin in ("python", "pyi", "grpc_python")]
sys.exit(protoc.main(["protoc", f"-I{protos}", f"-I{well_known}", *outputs, *files]))
