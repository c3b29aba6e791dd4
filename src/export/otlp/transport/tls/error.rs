//! The errors of rustls.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::export::otlp::{
    error_type::ErrorType, export_error::ExportError, transport::connect_error::BoxError,
    transport::error_chain::ErrorChain,
};

/// Removes the I/O errors in which hyper-rustls wraps an error of rustls. The wrapped error is not
/// among the sources of an I/O error.
pub(in crate::export::otlp::transport) fn unwrap_io(error: BoxError) -> BoxError {
    fn unwrap(error: io::Error) -> BoxError {
        match error.downcast::<io::Error>().map_err(io::Error::downcast::<Error>) {
            Ok(inner) => unwrap(inner),
            Err(Ok(error)) => error.into(),
            Err(Err(error)) => error.into(),
        }
    }
    error.downcast::<io::Error>().map_or_else(|error| error, |error| unwrap(*error))
}

/// Classifies an error of a TLS handshake.
pub(in crate::export::otlp::transport) fn classify_handshake(chain: &ErrorChain<'_>) -> ExportError {
    classify_established(chain).unwrap_or_else(|| {
        let detail = match chain.io_kind() {
            Some(io::ErrorKind::UnexpectedEof) => {
                "the server closed the connection during the handshake".to_owned()
            }
            _ => chain.root_text(),
        };
        ExportError::transient(ErrorType::Tls, detail, None)
    })
}

/// Classifies an error of an established connection, if rustls caused it. With TLS 1.3, the server
/// checks the client certificate after the handshake.
pub(in crate::export::otlp::transport) fn classify_established(
    chain: &ErrorChain<'_>,
) -> Option<ExportError> {
    if let Some(error) = chain.of_type::<Error>().next() {
        return Some(to_export_error(error));
    }
    // h2 keeps only the text of an I/O error.
    find_alert(&chain.root_text()).map(|alert| to_export_error(&Error::AlertReceived(alert)))
}

fn to_export_error(error: &Error) -> ExportError {
    let detail = match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return ExportError::transient(ErrorType::NotTls, "the endpoint does not speak TLS", None);
        }
        Error::InvalidCertificate(error) => certificate_detail(error),
        Error::AlertReceived(alert) => alert_detail(*alert).unwrap_or_else(|| error.to_string()),
        other => other.to_string(),
    };
    ExportError::transient(ErrorType::Tls, detail, None)
}

fn certificate_detail(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server certificate is not valid yet".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "the server certificate is signed by an unknown authority; set `tls.ca_file`".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server certificate is for another name".to_owned()
        }
        // rustls has no variant for it, and the crate of the inner error is not a direct
        // dependency. A test fails when its text changes.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the server presented a CA certificate instead of a server certificate".to_owned()
        }
        other => format!("the server certificate is not accepted: {other}"),
    }
}

/// Describes an alert that concerns the client certificate.
fn alert_detail(alert: AlertDescription) -> Option<String> {
    match alert {
        AlertDescription::CertificateRequired => Some(
            "the server requires a client certificate; set `tls.cert_file` and `tls.key_file`".to_owned(),
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            Some(format!("the server rejected the client certificate ({alert:?})"))
        }
        _ => None,
    }
}

/// Returns the alert that rustls describes with this text.
fn find_alert(text: &str) -> Option<AlertDescription> {
    let mut alerts = (0..=u8::MAX).map(AlertDescription::from);
    alerts.find(|alert| Error::AlertReceived(*alert).to_string() == text)
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "grpc")]
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };
    use std::{sync::Arc, time::Duration};

    use rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    };

    use super::*;

    /// A self-signed CA certificate for `localhost`.
    const CA: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUOj+HGu9AGjVOeTsb4BrkGDf7OhEwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdGVzdC5pbnZhbGlkMCAXDTI2MTEyNzIxNTk1MFoYDzIxMjYx
MTAzMjE1OTUwWjAXMRUwEwYDVQQDDAx0ZXN0LmludmFsaWQwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASQcDuJqqRwBWfLzwVLty25oFW5g99d70v2Mex9h/R3UO6W
dRBkK33LfyF5r9K7QV8a3Yg7LKpnEAyl8d/MO+qwo2kwZzAdBgNVHQ4EFgQUhlzb
G4fS6UnIcr2a5tSli2U7sOcwHwYDVR0jBBgwFoAUhlzbG4fS6UnIcr2a5tSli2U7
sOcwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIhAM7QzwZvEenHugCkOcRPDxlkZGQW7pAN/b5WOsEshRxeAiBr
Wx2el2Dj8WjtmIY2Q4Fsm5SI/Dj25tcqx7TZezH8pw==
-----END CERTIFICATE-----
";

    #[test]
    fn ca_certificate_of_server_is_recognized() {
        let certificate = CertificateDer::from_pem_slice(CA).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = ring::default_provider().into();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let name = ServerName::try_from("localhost").unwrap();
        // A year after the certificate became valid.
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_827_000_000));
        let result = verifier.build().unwrap().verify_server_cert(&certificate, &[], &name, &[], now);
        let error = to_export_error(&result.unwrap_err());
        assert_eq!(
            error.to_string(),
            "TLS: the server presented a CA certificate instead of a server certificate"
        );
    }

    #[test]
    fn alert_is_found_by_its_text() {
        for alert in [AlertDescription::CertificateRequired, AlertDescription::HandshakeFailure] {
            assert_eq!(find_alert(&Error::AlertReceived(alert).to_string()), Some(alert));
        }
        assert_eq!(find_alert("connection reset by peer"), None);
    }

    /// A stream on which the server rejects the client certificate.
    #[cfg(feature = "grpc")]
    struct RejectedStream;

    #[cfg(feature = "grpc")]
    impl hyper::rt::Read for RejectedStream {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: hyper::rt::ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            let alert = Error::AlertReceived(AlertDescription::CertificateRequired);
            Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, alert)))
        }
    }

    #[cfg(feature = "grpc")]
    impl hyper::rt::Write for RejectedStream {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    #[cfg(feature = "grpc")]
    fn alert_behind_h2_is_found() {
        use http_body_util::Empty;
        use hyper::{body::Bytes, client::conn::http2};
        use hyper_util::rt::TokioExecutor;

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let error = runtime.block_on(async {
            let (_sender, connection) =
                http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), RejectedStream).await.unwrap();
            connection.await.unwrap_err()
        });
        let chain = ErrorChain::new(&error);
        assert!(chain.of_type::<Error>().next().is_none(), "h2 keeps the type now: {error:?}");
        let error = classify_established(&chain).unwrap();
        assert_eq!(
            error.to_string(),
            "TLS: the server requires a client certificate; set `tls.cert_file` and `tls.key_file`"
        );
    }
}
