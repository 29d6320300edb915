//! Generates the messages and the client from proto/, into cargo's own output. protox is a protoc in Rust, so none is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = "../../../proto";
    let files = protox::compile(["userstatus/v1/user_status_service.proto"], [protos])?;
    println!("cargo:rerun-if-changed={protos}/userstatus/v1");
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    Ok(())
}
