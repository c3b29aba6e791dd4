//! The resource.

use super::shared::INCLUDE_EXCLUDE;
use crate::load::declarative::node_type::{
    Kind::{AnyValue, Mapping, Text, Word},
    NodeType, list, mapping, scalar,
};

pub(super) static RESOURCE: NodeType = NodeType::new(
    "Resource",
    &[
        list(
            "attributes",
            &Mapping(&ATTRIBUTE_NAME_VALUE),
            "resource.attributes",
            "Five names are keys of `service`: `service.name` is `service.name`.",
        ),
        mapping("detection/development", &DETECTION, "resource.detectors", ""),
        scalar("schema_url", Text, "resource.schema_url", "Sent with the resource."),
        scalar(
            "attributes_list",
            Text,
            "resource.attributes",
            "`name=value,name=value`, percent-encoded. `attributes` win. A fault is an error.",
        )
        .secret(),
    ],
);

static ATTRIBUTE_NAME_VALUE: NodeType = NodeType::new(
    "AttributeNameValue",
    &[
        scalar("name", Text, "resource.attributes.NAME", "Twice is an error.").required().not_null(),
        scalar(
            "value",
            AnyValue,
            "resource.attributes.NAME",
            "Must have the type in `type`. Without a value, the entry is left out.",
        )
        .required()
        .secret(),
        scalar(
            "type",
            Word(&[
                "string",
                "bool",
                "int",
                "double",
                "string_array",
                "bool_array",
                "int_array",
                "double_array",
            ]),
            "-",
            "Default: `string`.",
        ),
    ],
);

static DETECTION: NodeType = NodeType::new(
    "ExperimentalResourceDetection",
    &[
        mapping(
            "attributes",
            &INCLUDE_EXCLUDE,
            "resource.detector_attributes",
            "Filters what detectors find.",
        ),
        list("detectors", &Mapping(&DETECTOR), "resource.detectors", "All other attributes win over theirs."),
    ],
);

static DETECTOR: NodeType = NodeType::choice(
    "ExperimentalResourceDetector",
    "detector",
    &[
        mapping("container", &CONTAINER, "resource.detectors", ""),
        mapping("host", &HOST, "resource.detectors", "The detectors `host` and `os`."),
        mapping("process", &PROCESS, "resource.detectors", ""),
        mapping(
            "service",
            &SERVICE,
            "resource.detectors",
            "The variable `OTEL_SERVICE_NAME`, and the detector `service_instance`.",
        ),
        mapping("os", &OF_EXTENSION, "resource.detectors", "").extension(),
        mapping("k8s", &OF_EXTENSION, "resource.detectors", "").extension(),
    ],
);
static CONTAINER: NodeType = NodeType::nullable("ExperimentalContainerResourceDetector", &[]);
static HOST: NodeType = NodeType::nullable("ExperimentalHostResourceDetector", &[]);
static PROCESS: NodeType = NodeType::nullable("ExperimentalProcessResourceDetector", &[]);
static SERVICE: NodeType = NodeType::nullable("ExperimentalServiceResourceDetector", &[]);
static OF_EXTENSION: NodeType = NodeType::nullable("", &[]);
