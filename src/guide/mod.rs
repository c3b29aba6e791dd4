#![doc = include_str!("links.md")]
#![doc = include_str!("../../docs/src/introduction.md")]

/// Makes a module of each chapter.
///
/// `links.md` comes first. Its link definitions lead to modules. They win over those at the end of
/// a chapter, which lead to the files of other chapters.
macro_rules! chapters {
    ($($name:ident)*) => {$(
        #[doc = include_str!("links.md")]
        #[doc = include_str!(concat!("../../docs/src/", stringify!($name), ".md"))]
        pub mod $name {}
    )*};
}

chapters! {
    start
    concepts
    sources
    resource
    declarative
    checking
    mistakes
    exporters
    console
    otlp
    prometheus
    log_files
    otlp_lines
    logs
    traces
    metrics
    sampling
    context
    redaction
    scopes
    own_parts
    shutdown
    delivery
    reload
    testing
    troubleshooting
    kubernetes
    docker
    systemd
    functions
    from_fmt
    from_sdk
    from_init_tracing
    from_opentelemetry_configuration
    from_logfire
    architecture
    performance
    security
    limits
    faq
    reference
}
