//! The bytes of attachments: in a folder, or in an S3-compatible store. Each has a name of its own, is written once and
//! never changed; nothing of it is there before all of it is.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::OnceCell;

use crate::config::{Place, Settings};

pub use object_store::Error as ObjectError;
pub use tokio_util::bytes::Bytes;

/// What is written at a time. Smaller objects are written in one request; a larger one takes this much memory.
const PIECE: usize = 5 * 1024 * 1024;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("there is no such object")]
    Missing,
    #[error("no room is left: {0}")]
    Full(String),
    #[error("{0}")]
    Other(String),
}

impl From<ObjectError> for Failed {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::NotFound { .. } => Self::Missing,
            other => Self::of(told(&other)),
        }
    }
}

impl Failed {
    fn of(told: String) -> Self {
        // ENOSPC and EDQUOT, in the words of the system.
        if told.contains("os error 28") || told.contains("os error 122") {
            Self::Full(told)
        } else {
            Self::Other(told)
        }
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_told = inner.to_string();
        if !told.contains(&inner_told) {
            told = format!("{told}: {inner_told}");
        }
        cause = inner.source();
    }
    told
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub bytes: u64,
    pub written_at: DateTime<Utc>,
}

/// The store. Nothing of it is touched before it is used.
pub struct Objects {
    settings: Arc<Settings>,
    opened: OnceCell<Opened>,
}

#[derive(Clone)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    /// What all names begin with.
    prefix: Path,
}

impl Objects {
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            opened: OnceCell::new(),
        }
    }

    /// The folder it is; none for a store elsewhere.
    pub fn folder(&self) -> Option<PathBuf> {
        match self.settings.attachments() {
            Ok(Place::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    async fn opened(&self) -> Result<&Opened, Failed> {
        self.opened
            .get_or_try_init(|| async { open(&self.settings) })
            .await
            .map_err(Failed::Other)
    }

    /// Begins an object. It is there once `finish` says so.
    pub async fn begin(&self, name: &str) -> Result<Writing, Failed> {
        let opened = self.opened().await?;
        let path = opened.path(name);
        let writer = BufWriter::with_capacity(opened.store.clone(), path, PIECE);
        Ok(Writing(writer.with_max_concurrency(1)))
    }

    /// The bytes of an object, as they come.
    pub async fn read(
        &self,
        name: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, ObjectError>>, Failed> {
        let opened = self.opened().await?;
        let found = opened.store.get(&opened.path(name)).await?;
        Ok(found.into_stream())
    }

    /// Takes an object away; one that is not there is away.
    pub async fn remove(&self, name: &str) -> Result<(), Failed> {
        let opened = self.opened().await?;
        match opened.store.delete(&opened.path(name)).await {
            Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// All objects, in the order of the store.
    pub async fn list(&self) -> Result<BoxStream<'static, Result<Found, Failed>>, Failed> {
        let opened = self.opened().await?;
        let below = opened.prefix.clone();
        let prefix = (!below.as_ref().is_empty()).then_some(&opened.prefix);
        let found = opened.store.list(prefix).map(move |meta| {
            let meta = meta?;
            let name = meta.location.as_ref();
            let name = name.strip_prefix(below.as_ref()).unwrap_or(name);
            Ok(Found {
                name: name.trim_start_matches('/').to_owned(),
                bytes: meta.size,
                written_at: meta.last_modified,
            })
        });
        Ok(found.boxed())
    }

    /// Takes away what a process left that died while it wrote to the folder, before this. What is begun at S3 and not
    /// finished only a rule of the bucket takes away.
    pub fn sweep(&self, before: DateTime<Utc>) -> std::io::Result<usize> {
        let Some(folder) = self.folder() else {
            return Ok(0);
        };
        let mut swept = 0;
        for report in entries(&folder)? {
            for file in entries(&report)? {
                let unfinished = file.to_string_lossy().contains('#');
                if unfinished
                    && DateTime::<Utc>::from(std::fs::metadata(&file)?.modified()?) < before
                {
                    std::fs::remove_file(&file)?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }
}

fn entries(folder: &FilePath) -> std::io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

impl Opened {
    fn path(&self, name: &str) -> Path {
        let parts = self.prefix.parts().collect::<Vec<_>>();
        Path::from_iter(
            parts
                .into_iter()
                .chain(name.split('/').map(object_store::path::PathPart::from)),
        )
    }
}

fn open(settings: &Settings) -> Result<Opened, String> {
    match settings.attachments()? {
        Place::Folder(folder) => {
            let told = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.display());
            make_private(&folder).map_err(|e| told(&e))?;
            let store = LocalFileSystem::new_with_prefix(&folder).map_err(|e| told(&e))?;
            Ok(Opened {
                store: Arc::new(store.with_automatic_cleanup(true).with_fsync(true)),
                prefix: Path::default(),
            })
        }
        Place::S3 { bucket, prefix } => Ok(Opened {
            store: s3(settings, &bucket)?,
            prefix: Path::from(prefix),
        }),
    }
}

/// Makes the folder, for its owner alone.
fn make_private(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(feature = "s3")]
fn s3(settings: &Settings, bucket: &str) -> Result<Arc<dyn ObjectStore>, String> {
    use object_store::aws::AmazonS3Builder;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.s3_region);
    if let Some(endpoint) = &settings.s3_endpoint {
        builder = builder
            .with_endpoint(endpoint.trim_end_matches('/'))
            .with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some((id, secret)) = settings
        .s3_key
        .as_deref()
        .and_then(|key| key.split_once(':'))
    {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret);
    }
    let store = builder
        .build()
        .map_err(|e| format!("MELDPUNT_ATTACHMENTS: {}", told(&e)))?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "s3"))]
fn s3(_: &Settings, _: &str) -> Result<Arc<dyn ObjectStore>, String> {
    Err("MELDPUNT_ATTACHMENTS: s3:// takes a build with `--features s3`".into())
}

/// An object that is being written.
pub struct Writing(BufWriter);

impl Writing {
    pub async fn put(&mut self, piece: Bytes) -> Result<(), Failed> {
        Ok(self.0.put(piece).await?)
    }

    /// All of it is written: from now on it is there.
    pub async fn finish(mut self) -> Result<(), Failed> {
        self.0.shutdown().await.map_err(|e| {
            let cause = e
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<ObjectError>());
            Failed::of(cause.map_or_else(|| told(&e), |cause| told(cause)))
        })
    }

    /// Nothing of it is to be left.
    pub async fn abort(mut self) -> Result<(), Failed> {
        Ok(self.0.abort().await?)
    }
}
