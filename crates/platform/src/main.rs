//! The `pilothouse` binary: reads the command line, sets up the log, runs the command.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use pilothouse::command;
use pilothouse::settings::{Cli, LogFormat};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log(cli.log_format);
    match command::run(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "pilothouse: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The log goes to standard error, so that standard output holds only what a command prints.
fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("PILOTHOUSE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,bollard=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
