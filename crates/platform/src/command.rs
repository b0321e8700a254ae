//! Runs what the command line asks for.

use std::fs::File;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use pilothouse_wire::endpoint::Endpoint;
use pilothouse_wire::endpoints::{CreateKey, RevokeKey};
use pilothouse_wire::open::Words;
use pilothouse_wire::release::FieldChange;
use pilothouse_wire::session::Role;

use crate::app::has_database;
use crate::data_dir;
use crate::domain::{by_command, create_key};
use crate::edge;
use crate::serve::serve;
use crate::settings::{BackupArgs, Cli, Command, DataArgs, KeyArgs, KeyCommand, RevokeArgs};
use crate::start::StartError;
use crate::store::{KeyRow, Store, backup};
use crate::webhook;

/// Runs a command to its end.
///
/// # Errors
/// Why it could not do its work, in words that say what to do.
pub async fn run(cli: &Cli) -> Result<(), StartError> {
    match &cli.command {
        Command::Serve(args) => serve(args).await,
        Command::Key { command } => match command {
            KeyCommand::Create(args) => print_key(args).await,
            KeyCommand::List(data) => list_keys(data).await,
            KeyCommand::Revoke(args) => revoke_key(args).await,
        },
        Command::Backup(args) => copy(args).await,
        Command::Edge(args) => edge::run(args).await,
        Command::WebhookSecret(data) => print_webhook_secret(data),
    }
}

fn became(name: &str, before: Option<&str>, after: Option<&str>) -> FieldChange {
    FieldChange {
        name: name.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

/// Prints a new key, and nothing else, on standard output.
async fn print_key(args: &KeyArgs) -> Result<(), StartError> {
    let folder = data_dir::open(&args.data)?;
    let store = Store::open(&folder).await?;
    let role: Role = args.role.into();
    let made = create_key(&store, args.name.as_str(), role);
    let told = [
        became("name", None, Some(args.name.as_str())),
        became("role", None, Some(role.word())),
    ];
    let key = by_command(&store, CreateKey::NAME, &told, made).await?;
    store.close().await;
    writeln!(io::stdout(), "{key}")?;
    Ok(())
}

/// Prints the keys of the whole platform, each on a line, its parts between tabs.
async fn list_keys(data: &DataArgs) -> Result<(), StartError> {
    let store = Store::open(&data_dir::open(data)?).await?;
    let keys = store.platform_keys().await?;
    store.close().await;
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    for (key, role) in keys {
        let used = key.used.map_or_else(|| "never".to_owned(), instant);
        let created = instant(key.created);
        let (id, name) = (key.id, key.name);
        writeln!(io::stdout(), "{id}\t{name}\t{role}\t{created}\t{used}")?;
    }
    Ok(())
}

async fn revoke_key(args: &RevokeArgs) -> Result<(), StartError> {
    let store = Store::open(&data_dir::open(&args.data)?).await?;
    let keys = store.platform_keys().await?;
    let named = |key: &KeyRow| key.id == args.key || key.name == args.key;
    let keys: Vec<(KeyRow, String)> = keys.into_iter().filter(|(key, _)| named(key)).collect();
    let revoked = match keys.as_slice() {
        [] => Err(StartError::NoKey(args.key.clone())),
        [(key, role)] => {
            let told = [
                became("name", Some(&key.name), None),
                became("role", Some(role), None),
            ];
            let gone = store.delete_platform_key(&key.id);
            Ok(by_command(&store, RevokeKey::NAME, &told, gone).await?)
        }
        keys => {
            let ids: Vec<&str> = keys.iter().map(|(key, _)| key.id.as_str()).collect();
            Err(StartError::SeveralKeys(args.key.clone(), ids.join(", ")))
        }
    };
    store.close().await;
    revoked
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
