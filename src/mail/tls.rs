//! TLS to the mail server: whom it is believed from, and TLS that is there before the first word.

use std::fs;
use std::io::{self, Error};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncTokioStream, Certificate, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What lettre needs for STARTTLS: the authorities of the system and those of `ca`.
///
/// # Errors
/// One sentence for the operator.
pub fn parameters(host: &str, ca: Option<&Path>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    for certificate in authorities(ca)? {
        builder = builder
            .add_root_certificate(Certificate::from_der(certificate.to_vec()).map_err(not_set_up)?);
    }
    builder.build().map_err(not_set_up)
}

/// TLS from the first byte, over a stream of our own: lettre does this only over a stream of its own.
pub struct Client {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Client {
    /// Believes the same authorities as `parameters`.
    ///
    /// # Errors
    /// One sentence for the operator.
    pub fn new(host: &str, ca: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        // What the system offers and cannot be read leaves the others: a server that needs it is then refused.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in authorities(ca)? {
            roots.add(certificate).map_err(not_set_up)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(not_set_up)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: Arc::new(config).into(),
            name: ServerName::try_from(host.to_owned()).map_err(not_set_up)?,
        })
    }

    pub async fn encrypt(&self, stream: TcpStream) -> io::Result<Encrypted> {
        let stream = self.connector.connect(self.name.clone(), stream).await?;
        Ok(Encrypted(stream))
    }
}

fn not_set_up(error: impl std::error::Error) -> String {
    format!("MELDPUNT_MAIL: TLS cannot be set up: {error}")
}

/// The authorities in a PEM file.
fn authorities(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = ca else {
        return Ok(Vec::new());
    };
    let pem = fs::read(path)
        .map_err(|e| format!("MELDPUNT_MAIL_CA: cannot read {}: {e}", path.display()))?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!(
            "MELDPUNT_MAIL_CA: {} holds no certificate",
            path.display()
        )),
    }
}

/// An encrypted stream, as lettre takes it.
#[derive(Debug)]
pub struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
