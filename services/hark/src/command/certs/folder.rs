//! The authority's folder: its certificate, its key, and what it issued.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hark_core::HomeId;
use hark_core::credentials::{Certificate, Identity};
use hark_tls::{Authority, Issued};

use crate::cli::certs;
use crate::command::secret;
use crate::up::Config;

/// The folder of an authority.
pub struct Folder(PathBuf);

/// Where a certificate and its key are.
pub struct Pair {
    /// The certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Folder {
    /// The folder that was named, or the usual one.
    ///
    /// # Errors
    /// If there is no usual one.
    pub fn of(args: &certs::Folder) -> anyhow::Result<Self> {
        Ok(Self(match &args.dir {
            Some(dir) => dir.clone(),
            None => Config::default().data_dir()?.join("certs"),
        }))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The authority's certificate.
    pub fn ca_cert(&self) -> PathBuf {
        self.0.join("ca.crt")
    }

    /// The authority's key.
    pub fn ca_key(&self) -> PathBuf {
        self.0.join("ca.key")
    }

    /// Keeps a new authority. It never takes the place of another.
    ///
    /// # Errors
    /// If there is one, or the folder can't be written.
    pub fn create_authority(&self, cert: &str, key: &str) -> anyhow::Result<()> {
        for path in [self.ca_cert(), self.ca_key()] {
            anyhow::ensure!(
                !path.exists(),
                "{} is there already, and certificates depend on it: make another authority \
                 elsewhere with --dir, or move this one away",
                path.display()
            );
        }
        std::fs::create_dir_all(&self.0)
            .with_context(|| format!("cannot create {}", self.0.display()))?;
        secret::create(&self.ca_key())?.write(key)?;
        write(&self.ca_cert(), cert)
    }

    /// The authority, and its home.
    ///
    /// # Errors
    /// If there is none, or it can't be read.
    pub fn authority(&self) -> anyhow::Result<(HomeId, Authority)> {
        let (cert_path, key_path) = (self.ca_cert(), self.ca_key());
        anyhow::ensure!(
            cert_path.exists(),
            "there is no authority in {}: make one with `hark certs init`, or name its folder \
             with --dir",
            self.0.display()
        );
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let (cert, key) = (read(&cert_path)?, read(&key_path)?);
        let home = Authority::home_of(&cert);
        let home = home.map_err(|why| anyhow::anyhow!("{}: {why}", cert_path.display()))?;
        let authority = Authority::from_pem(home.clone(), &cert, &key);
        let authority = authority.with_context(|| format!("cannot use {}", key_path.display()))?;
        Ok((home, authority))
    }

    /// Keeps a copy of a certificate (not of its key), so that it can be listed and revoked.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn remember(&self, issued: &Issued) -> anyhow::Result<()> {
        let folder = self.0.join("issued");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let name = format!("{}.crt", issued.certificate.serial);
        write(&folder.join(name), &issued.cert_pem)
    }

    /// The certificates that were issued, in the order of their holders.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn issued(&self) -> anyhow::Result<Vec<Certificate>> {
        let folder = self.0.join("issued");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let failed = || format!("cannot read {}", folder.display());
        let mut issued = Vec::new();
        for file in std::fs::read_dir(&folder).with_context(failed)? {
            let path = file.with_context(failed)?.path();
            let pem = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let certificate = hark_tls::read_pem(&pem);
            let certificate =
                certificate.map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
            issued.push(certificate);
        }
        issued.sort_by_key(|c| (c.identity.to_string(), c.not_before));
        Ok(issued)
    }
}

impl Pair {
    /// Where the certificate and key of somebody go.
    pub fn of(folder: &Path, identity: &Identity) -> Self {
        let name = format!("{}-{}", identity.kind.as_str(), identity.name);
        Self {
            cert: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        }
    }

    /// Checks that neither is there.
    ///
    /// # Errors
    /// If one is.
    pub fn check_absent(&self) -> anyhow::Result<()> {
        for path in [&self.cert, &self.key] {
            anyhow::ensure!(
                !path.exists(),
                "{} is there already: replace it with --renew, or write elsewhere with --out",
                path.display()
            );
        }
        Ok(())
    }

    /// Writes both, the key for its owner alone.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn write(&self, issued: &Issued) -> anyhow::Result<()> {
        secret::replace(&self.key, &issued.key_pem)?;
        write(&self.cert, &issued.cert_pem)
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
