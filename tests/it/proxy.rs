//! HTTP proxies between the exporters and their destinations.
#![cfg(feature = "tls")]

use test_support::{
    mock_collector::MockCollector,
    relay::Relay,
    tls::{proxy_url, send_by_proxy},
    with_env,
};

#[test]
fn unreachable_proxy_is_named() {
    let proxy = ("https_proxy", "http://user:s3cret@127.0.0.1:1");
    let error = send_by_proxy("https://collector.test", "http/protobuf", &[proxy]).unwrap_err();
    assert!(
        error.contains("proxy 127.0.0.1:1 could not connect to the destination: ")
            && error.contains("refused"),
        "{error}"
    );
    let proxy = ("https_proxy", "http://user:s3cret@proxy.invalid");
    let error = send_by_proxy("https://collector.test", "http/protobuf", &[proxy]).unwrap_err();
    assert!(error.contains("proxy proxy.invalid could not connect to the destination: "), "{error}");
    assert!(error.contains("Name or service not known") && !error.contains("s3cret"), "{error}");
}

#[test]
fn plain_http_requests_are_sent_to_the_proxy() {
    let mock = MockCollector::start();
    let relay = Relay::start(mock.address());
    let proxy = proxy_url(relay.address(), "user:secret@");
    send_by_proxy("http://collector.test:4318", "http/protobuf", &[("http_proxy", &proxy)]).unwrap();
    let heads = relay.heads();
    assert!(heads[0].starts_with("POST http://collector.test:4318/v1/traces HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("\r\nproxy-authorization: Basic dXNlcjpzZWNyZXQ="), "{heads:?}");
    // A destination on this machine is contacted directly, without credentials of the proxy.
    send_by_proxy(&mock.url(), "http/protobuf", &[("http_proxy", &proxy)]).unwrap();
    assert_eq!(relay.heads().len(), 1);
    let received = mock.received();
    assert_eq!(received.last().unwrap().header("proxy-authorization"), None);
    assert_eq!(mock.spans().len(), 2);
}

#[test]
fn destinations_in_no_proxy_are_reached_directly() {
    let mock = MockCollector::start();
    let relay = Relay::start(mock.address());
    let proxy = proxy_url(relay.address(), "");
    let send = |no_proxy| {
        let variables = [("http_proxy", proxy.as_str()), ("NO_PROXY", no_proxy)];
        // Without the proxy, the name cannot be resolved.
        send_by_proxy("http://collector.invalid:4318", "http/protobuf", &variables)
    };
    for no_proxy in [
        "*.invalid",
        "collector.invalid:4318",
        "*.invalid:4318",
        ".invalid",
        "collector.invalid",
        "a.test, COLLECTOR.invalid.",
        "a.test collector.invalid",
        "*",
    ] {
        assert!(send(no_proxy).is_err(), "{no_proxy}");
    }
    assert_eq!(relay.heads().len(), 0);
    for no_proxy in ["collector.invalid:4317", "*.test", "*.collector.invalid", "10.0.0.0/8", ""] {
        send(no_proxy).unwrap();
    }
    assert_eq!(relay.heads().len(), 5);
}

#[test]
fn unusable_proxy_is_a_warning() {
    let warnings = |variables: &[(&str, &str)]| {
        let named = [&[("OTEL_SERVICE_NAME", "x")], variables].concat();
        let explained = with_env(&named).explain();
        assert_eq!(explained.errors(), []);
        explained.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let https = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c:4318");
    let unusable =
        "is not the URL of an HTTP proxy, ignored\n    help: write a URL such as http://proxy:3128";
    assert_eq!(
        warnings(&[https, ("https_proxy", "user:s3cret@no url")]),
        [format!("https_proxy: {unusable}")]
    );
    assert_eq!(warnings(&[https, ("ALL_PROXY", "socks5://p:1")]), [format!("ALL_PROXY: {unusable}")]);
    // Proxies for other destinations are not checked.
    assert_eq!(warnings(&[https, ("ALL_PROXY", "socks5://p:1"), ("NO_PROXY", "c")]), [""; 0]);
    assert_eq!(warnings(&[https, ("HTTP_PROXY", "no url")]), [""; 0]);
    assert_eq!(warnings(&[("HTTPS_PROXY", "no url")]), [""; 0]);
    if cfg!(feature = "grpc") {
        let grpc = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("HTTP_PROXY", "p:3128"),
        ];
        let warning = "HTTP_PROXY: is not used for grpc over http:// (http://c:4317)\n    \
                       help: use https://, or add the host to NO_PROXY";
        assert_eq!(warnings(&grpc), [warning]);
        assert_eq!(warnings(&[&grpc[..], &[("NO_PROXY", "c")]].concat()), [""; 0]);
    }
}
