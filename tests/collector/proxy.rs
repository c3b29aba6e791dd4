//! Encrypted connections through an HTTP proxy.
#![cfg(feature = "tls")]

use super::tls::PROTOCOLS;
use test_support::{
    certificates::Authority,
    collector::{Collector, sections},
    relay::Relay,
    require,
    tls::{proxy_url, send_by_proxy},
};

#[test]
fn encrypted_connections_use_the_proxy() {
    require!(Collector, Openssl);
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let (certificate, key) = authority.issue("server");
    let collector = Collector::start_tls(&certificate, &key);
    let ca = authority.file();
    let ca = ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.to_str().unwrap());
    for protocol in PROTOCOLS {
        let relay = Relay::start(collector.address(protocol));
        let proxy = proxy_url(relay.address(), "user:s3%20cret@");
        send_by_proxy("https://collector.test:4317", protocol, &[ca, ("HTTPS_PROXY", &proxy)]).unwrap();
        let heads = relay.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        assert!(heads[0].starts_with("CONNECT collector.test:4317 HTTP/1.1\r\n"), "{heads:?}");
        // user:s3 cret
        assert!(heads[0].ends_with("\r\nProxy-Authorization: Basic dXNlcjpzMyBjcmV0"), "{heads:?}");

        // Exempt hosts are resolved directly, and `collector.test` does not exist.
        for exempt in ["collector.test", ".test", "a,*"] {
            let variables = [ca, ("ALL_PROXY", proxy.as_str()), ("no_proxy", exempt)];
            let error = send_by_proxy("https://collector.test:4317", protocol, &variables).unwrap_err();
            assert!(error.contains("name not found: "), "{error}");
        }
        let local = collector.url(protocol).replace("http://127.0.0.1", "https://localhost");
        send_by_proxy(&local, protocol, &[ca, ("HTTPS_PROXY", &proxy)]).unwrap();
        assert_eq!(relay.heads().len(), 1);

        relay.refuse("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        let error = send_by_proxy("https://collector.test:4317", protocol, &[ca, ("HTTPS_PROXY", &proxy)]);
        let error = error.unwrap_err();
        let expected = format!(
            "proxy {} could not connect to the destination: tunnel error: proxy authorization required",
            relay.address()
        );
        assert!(error.contains(&expected) && !error.contains("s3"), "{error}");
    }
    collector.wait(|text| sections(text, "Span").len() == 2 * PROTOCOLS.len());
}
