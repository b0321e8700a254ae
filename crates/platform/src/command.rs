//! Runs what the command line asks for.

use std::fs::File;
use std::io::{self, Write};

use crate::app::has_database;
use crate::data_dir;
use crate::domain::create_key;
use crate::serve::serve;
use crate::settings::{BackupArgs, Cli, Command, DataArgs, KeyArgs, KeyCommand};
use crate::start::StartError;
use crate::store::{Store, backup};
use crate::webhook;

/// Runs a command to its end.
///
/// # Errors
/// Why it could not do its work, in words that say what to do.
pub async fn run(cli: &Cli) -> Result<(), StartError> {
    match &cli.command {
        Command::Serve(args) => serve(args).await,
        Command::Key {
            command: KeyCommand::Create(args),
        } => print_key(args).await,
        Command::Backup(args) => copy(args).await,
        Command::WebhookSecret(data) => print_webhook_secret(data),
    }
}

/// Prints a new key, and nothing else, on standard output.
async fn print_key(args: &KeyArgs) -> Result<(), StartError> {
    let folder = data_dir::open(&args.data)?;
    let store = Store::open(&folder).await?;
    let key = create_key(&store, args.name.as_str(), args.role.into()).await?;
    store.close().await;
    writeln!(io::stdout(), "{key}")?;
    Ok(())
}

/// Prints the webhook's secret, and nothing else, on standard output.
fn print_webhook_secret(data: &DataArgs) -> Result<(), StartError> {
    let folder = data_dir::open(data)?;
    writeln!(io::stdout(), "{}", webhook::secret(&folder)?)?;
    Ok(())
}

async fn copy(args: &BackupArgs) -> Result<(), StartError> {
    let folder = args.data.folder().ok_or(StartError::NoDataDir)?;
    if !has_database(&folder) {
        return Err(StartError::NoDatabase(folder));
    }
    if args.file.exists() {
        return Err(StartError::FileExists(args.file.clone()));
    }
    backup(&folder, &args.file)
        .await
        .map_err(|source| StartError::Backup {
            file: args.file.clone(),
            source,
        })?;
    // A backup that was reported must survive a power cut.
    File::open(&args.file)?.sync_all()?;
    Ok(())
}
