//! The routes and their errors.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Query, RawQuery, State},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    observe::{Telemetry, observe},
    upstream::Upstream,
};

pub fn router(telemetry: Telemetry, upstream: Upstream) -> Router {
    Router::new()
        .route("/api/data", get(data))
        .route("/api/relay", get(relay))
        .with_state(upstream)
        .layer(from_fn_with_state(telemetry, observe))
}

#[derive(Deserialize)]
struct DataQuery {
    #[serde(default)]
    fail: bool,
}

async fn data(Query(query): Query<DataQuery>) -> Result<Json<Value>, Failure> {
    if query.fail {
        return Err(Failure::Wanted);
    }
    Ok(Json(json!({ "items": [1, 2, 3] })))
}

/// Returns the data of the upstream service.
async fn relay(State(upstream): State<Upstream>, RawQuery(query): RawQuery) -> Result<Json<Value>, Failure> {
    Ok(Json(upstream.data(query.as_deref().unwrap_or_default()).await?))
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("the request wants a failure")]
    Wanted,
    #[error("upstream: {0}")]
    Upstream(Arc<reqwest::Error>),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Upstream(Arc::new(error))
    }
}

/// Hides the cause from the client; the middleware finds it in the extension.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": "internal server error" }));
        (StatusCode::INTERNAL_SERVER_ERROR, Extension(self), body).into_response()
    }
}
