//! The client of one destination, whatever the transport.

pub(crate) mod connector;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
pub(crate) mod http;
#[cfg(feature = "tls")]
mod pem;
pub(crate) mod proxy;
#[cfg(feature = "tls")]
pub(crate) mod tls;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hyper::body::Bytes;

use self::connector::Connector;
use super::{
    export_error::ExportError,
    request::{Answer, OtlpRequest},
};
use crate::{
    config::{OtlpProtocol, OtlpSettings, Proxies},
    diagnostics::Diagnostics,
    error::Error,
};

#[derive(Debug)]
pub(crate) struct Client {
    transport: Transport,
    /// What a connection that breaks may mean. With TLS 1.3 a server refuses our certificate after we have begun to send, and its
    /// reason may come too late to be read.
    hint: Option<String>,
    /// Whether a request was accepted yet, after which nothing is suspected.
    got_response: AtomicBool,
}

#[derive(Debug)]
enum Transport {
    Http(http::HttpClient),
    #[cfg(feature = "grpc")]
    Grpc(grpc::GrpcClient),
}

impl Client {
    pub(crate) fn new(
        settings: &OtlpSettings,
        limit: Option<Duration>,
        proxies: &Proxies,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        // `tls.insecure` was resolved into the scheme of the endpoint, the others belong to the
        // sender.
        let OtlpSettings { protocol, endpoint, headers, compression, timeout: _, tls, retry: _ } = settings;
        // So that a connection that is never made can be told from an answer that never comes.
        let limit = limit.map(|limit| limit / 2);
        let connector = Connector::new(settings, limit, proxies, diagnostics)?;
        let transport = match protocol {
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                Transport::Http(http::HttpClient::new(*protocol, endpoint, headers, *compression, connector))
            }
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => {
                Transport::Grpc(grpc::GrpcClient::new(endpoint, headers, *compression, connector)?)
            }
            #[cfg(not(feature = "grpc"))]
            OtlpProtocol::Grpc => return Err(Error::system("grpc", "built without the feature `grpc`")),
        };
        let hint = endpoint.is_https().then(|| match &tls.files.cert_file {
            Some(file) => format!("perhaps the server does not accept our certificate, {file}"),
            None => "perhaps the server wants a certificate of ours; set `tls.cert_file` and `tls.key_file`"
                .to_owned(),
        });
        Ok(Self { transport, hint, got_response: AtomicBool::new(false) })
    }

    pub(crate) fn encode(&self, request: &mut impl OtlpRequest) -> Result<Vec<u8>, ExportError> {
        match &self.transport {
            Transport::Http(client) => client.encode(request),
            #[cfg(feature = "grpc")]
            Transport::Grpc(_) => Ok(request.encode_to_vec()),
        }
    }

    /// The body as it is sent; gRPC does that by itself.
    pub(crate) fn compress(&self, body: Vec<u8>) -> Result<Bytes, ExportError> {
        match &self.transport {
            Transport::Http(client) => client.compress(body),
            #[cfg(feature = "grpc")]
            Transport::Grpc(_) => Ok(body.into()),
        }
    }

    pub(crate) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<Answer, ExportError> {
        let answer = match &self.transport {
            Transport::Http(client) => client.call::<R>(body).await,
            #[cfg(feature = "grpc")]
            Transport::Grpc(client) => client.call::<R>(body).await,
        };
        if answer.is_ok() {
            self.got_response.store(true, Ordering::Relaxed);
        }
        answer.map_err(|failure| match &self.hint {
            Some(hint) if !self.got_response.load(Ordering::Relaxed) => failure.if_closed(hint),
            _ => failure,
        })
    }
}
