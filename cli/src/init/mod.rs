//! `autotelemetry init`

mod answers;
mod arguments;
mod declarative;
mod questions;
mod toml;

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::Path,
    process::ExitCode,
};

pub(crate) use self::arguments::InitArguments;
use self::{
    answers::Answers,
    arguments::{Destination, Signal, names, parse_names},
    questions::{Ended, Question, Questions},
};
use crate::output::{exit_code, print};

const SCHEMA: &str = "autotelemetry.schema.json";

/// Writes a file for the answers, unless it exists.
pub(crate) fn init(arguments: InitArguments) -> ExitCode {
    let is_yaml = |path: &Path| {
        path.extension().is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it.eq_ignore_ascii_case("yml"))
    };
    let has_yaml_name = arguments.file.as_deref().is_some_and(is_yaml);
    let is_declarative = arguments.declarative || has_yaml_name;
    if arguments.declarative && arguments.file.is_some() && !has_yaml_name {
        return wrong_usage("a declarative file has the extension .yaml or .yml");
    }
    if has_yaml_name && (arguments.template.is_some() || arguments.schema.is_some()) {
        return wrong_usage("--template and --schema are for autotelemetry.toml, not for a declarative file");
    }
    let name = if is_declarative { "otel.yaml" } else { "autotelemetry.toml" };
    let path = arguments.file.clone().unwrap_or_else(|| name.into());
    if fs::symlink_metadata(&path).is_ok() {
        return print(&exists(&path), exit_code(false));
    }
    let schema = path.with_file_name(SCHEMA);
    match answers(arguments, is_declarative, &schema) {
        Ok((answers, has_schema)) => write(&path, &answers, Some(schema).as_deref().filter(|_| has_schema)),
        Err(Ended::Usage(problem)) => wrong_usage(&problem),
        Err(Ended::Input(error)) => print(&format!("{error}; nothing was written\n"), exit_code(false)),
    }
}

/// Returns the answers, and whether the file names the schema.
fn answers(arguments: InitArguments, is_declarative: bool, schema: &Path) -> Result<(Answers, bool), Ended> {
    let questions = Questions::new(!arguments.yes);
    let mut answers = Answers {
        is_declarative,
        template: arguments.template,
        service: "my-service".to_owned(),
        destinations: vec![Destination::Otlp],
        protocol: "http/protobuf".to_owned(),
        endpoint: None,
        signals: vec![Signal::Traces, Signal::Metrics, Signal::Logs],
    };
    let directory = env::current_dir().ok();
    let directory = directory.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let default = directory.unwrap_or("my-service");
    let question = Question { flag: "service", introduction: "", text: "Name of the service", default };
    answers = questions.answer(arguments.service.as_deref(), &question, |text| {
        answers.changed(|answers| text.clone_into(&mut answers.service))
    })?;
    if answers.template.is_none() {
        answers = destinations(&questions, &answers, &arguments.to)?;
        answers = otlp(&questions, answers, arguments.protocol, arguments.endpoint)?;
        answers = signals(&questions, &answers, &arguments.signals)?;
    }
    let has_schema = !is_declarative && {
        let flag = match arguments.schema {
            Some(true) => Some("yes"),
            Some(false) => Some("no"),
            None if fs::symlink_metadata(schema).is_ok() => Some("yes"),
            None if !questions.can_ask() => Some("no"),
            None => None,
        };
        let text = "Also write autotelemetry.schema.json, for completion in editors (yes, no)";
        let question = Question { flag: "schema", introduction: "", text, default: "yes" };
        questions.answer(flag, &question, |text| match text.to_ascii_lowercase().as_str() {
            "yes" | "y" => Ok(true),
            "no" | "n" => Ok(false),
            _ => Err("answer yes or no".to_owned()),
        })?
    };
    Ok((answers, has_schema))
}

fn destinations(questions: &Questions, answers: &Answers, flag: &[Destination]) -> Result<Answers, Ended> {
    let introduction = "\
Where to send the telemetry, one or several separated by commas:
  console     all signals on the console, for development
  otlp        a Collector or a backend that accepts OTLP; logs appear on the console, too
  prometheus  a page of metrics that Prometheus scrapes; logs appear on the console
";
    let question = Question { flag: "to", introduction, text: "Destinations", default: "otlp" };
    let flag = Some(names(flag)).filter(|flag| !flag.is_empty());
    questions.answer(flag.as_deref(), &question, |text| {
        let destinations = parse_names(text)?;
        answers.changed(|answers| {
            answers.signals = accepted_signals(&destinations);
            answers.destinations = destinations;
        })
    })
}

/// Returns the signals that have a destination. Logs have the console.
fn accepted_signals(destinations: &[Destination]) -> Vec<Signal> {
    let all = [Signal::Traces, Signal::Metrics, Signal::Logs];
    let is_accepted = |signal: &Signal| {
        *signal == Signal::Logs || destinations.iter().any(|destination| destination.accepts(*signal))
    };
    all.into_iter().filter(is_accepted).collect()
}

fn otlp(
    questions: &Questions,
    mut answers: Answers,
    protocol: Option<String>,
    endpoint: Option<String>,
) -> Result<Answers, Ended> {
    if !answers.uses_otlp() {
        return match (protocol, endpoint) {
            (None, None) => Ok(answers),
            _ => Err(Ended::Usage("--protocol and --endpoint need the destination otlp".to_owned())),
        };
    }
    let text = "Protocol (http/protobuf, grpc, http/json)";
    let question = Question { flag: "protocol", introduction: "", text, default: "http/protobuf" };
    answers = questions.answer(protocol.as_deref(), &question, |text| {
        answers.changed(|answers| text.clone_into(&mut answers.protocol))
    })?;
    let default = answers.endpoint().to_owned();
    let question = Question { flag: "endpoint", introduction: "", text: "Endpoint", default: &default };
    questions.answer(endpoint.as_deref(), &question, |text| {
        answers.changed(|answers| answers.endpoint = Some(text.to_owned()))
    })
}

fn signals(questions: &Questions, answers: &Answers, flag: &[Signal]) -> Result<Answers, Ended> {
    let default = names(&answers.signals);
    let question = Question {
        flag: "signals",
        introduction: "",
        text: "Signals, separated by commas",
        default: &default,
    };
    let flag = Some(names(flag)).filter(|flag| !flag.is_empty());
    questions.answer(flag.as_deref(), &question, |text| {
        let signals = parse_names(text)?;
        answers.changed(|answers| answers.signals = signals)
    })
}

/// Writes the file, then the schema unless it exists, and lists the warnings of the file.
fn write(path: &Path, answers: &Answers, schema: Option<&Path>) -> ExitCode {
    let mut message = String::new();
    let files = [(path, answers.text(schema.is_some()))]
        .into_iter()
        .chain(schema.map(|schema| (schema, autotelemetry::schema())));
    for (file, text) in files {
        let _ = match create(file, &text) {
            Ok(()) => writeln!(message, "wrote {}", file.display()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && file != path => Ok(()),
            Err(error) => {
                if error.kind() == ErrorKind::AlreadyExists {
                    message.push_str(&exists(file));
                } else {
                    let _ = writeln!(message, "cannot write {}: {error}", file.display());
                }
                return print(&message, exit_code(false));
            }
        };
    }
    for warning in answers::check(path).warnings() {
        let _ = writeln!(message, "warning: {warning}");
    }
    print(&message, ExitCode::SUCCESS)
}

/// Creates a file. One that cannot be written in whole is removed.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn exists(path: &Path) -> String {
    format!("{} already exists and was not changed\n", path.display())
}

fn wrong_usage(problem: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {problem}");
    ExitCode::from(2)
}

/// Returns a string in double quotes, as TOML and YAML read it.
fn quote(text: &str) -> String {
    // Both forbid this character, which JSON does not escape.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}
