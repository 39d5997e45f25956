//! Requests and their responses. `app.post("/v1/reports").by(&someone).json(body).await.expect(201)`.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use reqwest::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MATCH,
};
use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::Value;

use super::actors::Actor;
use super::{TestApp, contract};

pub fn new() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl TestApp {
    pub fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub fn patch(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub fn delete(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    pub fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call {
            app: self,
            method,
            path: path.into(),
            by: None,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }
}

/// A request that is being put together; awaiting it sends it.
#[must_use]
#[derive(Clone)]
pub struct Call<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    by: Option<Actor>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    /// Signed in as somebody.
    pub fn by(mut self, who: &Actor) -> Self {
        self.by = Some(who.clone());
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header(AUTHORIZATION, format!("Bearer {token}"))
    }

    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl AsRef<[u8]>) -> Self {
        let name = name
            .try_into()
            .unwrap_or_else(|_| panic!("a header's name"));
        self.headers
            .append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Adds query keys, encoded.
    pub fn query<V: AsRef<str>>(mut self, pairs: &[(&str, V)]) -> Self {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{mark}{}", self.path, encode(pairs));
        self
    }

    pub fn json(self, body: impl Serialize) -> Self {
        let body = serde_json::to_vec(&body).unwrap();
        self.body("application/json", body)
    }

    /// A form with one file, and other fields before it.
    pub fn file(self, name: &str, content: &[u8], fields: &[(&str, &str)]) -> Self {
        let mut body = Vec::new();
        for (field, value) in fields {
            let part = format!(
                "--grens\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        let part = format!(
            "--grens\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--grens--\r\n");
        self.body("multipart/form-data; boundary=grens", body)
    }

    pub fn form<V: AsRef<str>>(self, pairs: &[(&str, V)]) -> Self {
        self.body("application/x-www-form-urlencoded", encode(pairs))
    }

    pub fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        if !media.is_empty() {
            self.headers
                .insert(CONTENT_TYPE, HeaderValue::from_str(media).unwrap());
        }
        self
    }

    /// Names the version that was seen: the ETag of a reply.
    pub fn if_match(self, seen: &Reply) -> Self {
        let tag = seen.etag().to_owned();
        self.header(IF_MATCH, tag)
    }

    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn language(self, language: &str) -> Self {
        self.header(ACCEPT_LANGUAGE, language)
    }

    async fn send(mut self) -> Reply {
        if let Some(who) = self.by.take() {
            let token = self.app.token_of(&who).await;
            self = self.token(&token);
        }
        let url = Url::parse(&format!("{}{}", self.app.url, self.path)).unwrap();
        let path = url.path().to_owned();
        let response = self
            .app
            .client
            .request(self.method.clone(), url)
            .headers(self.headers)
            .body(self.body)
            .send()
            .await
            .unwrap_or_else(|e| panic!("{} {}: {e:?}", self.method, self.path));
        let reply = Reply {
            method: self.method,
            path,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        };
        contract::check(&reply);
        reply
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

fn encode<V: AsRef<str>>(pairs: &[(&str, V)]) -> String {
    let mut url = Url::parse("http://localhost/").unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

/// A response that has passed the checks that every response must pass.
#[derive(Debug, Clone)]
pub struct Reply {
    pub method: Method,
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// Fails the test, saying what came back, unless the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Fails the test unless this is that problem.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.json()["code"], code, "{self}");
        self
    }

    /// Fails the test unless the faulty fields are these, each `(pointer, code)`, in any order.
    #[track_caller]
    pub fn expect_faults(self, faults: &[(&str, &str)]) -> Self {
        assert_eq!(self.status, 400, "{self}");
        let mut expected: Vec<(String, String)> = faults
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(self.faults(), expected, "{self}");
        self
    }

    /// The faulty fields of a problem, sorted.
    pub fn faults(&self) -> Vec<(String, String)> {
        let body = self.json();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<(String, String)> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| (text(error, "pointer"), text(error, "code")))
            .collect();
        found.sort();
        found
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON, {e}: {self}"))
    }

    /// A body that is no JSON.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The rows of a page.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        match &self.json()["items"] {
            Value::Array(items) => items.clone(),
            _ => panic!("no page: {self}"),
        }
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.text("id")
    }

    /// A property that is text.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        match &self.json()[name] {
            Value::String(text) => text.clone(),
            _ => panic!("no text {name:?}: {self}"),
        }
    }

    pub fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header of visible ASCII"))
    }

    #[track_caller]
    pub fn etag(&self) -> &str {
        self.header(ETAG)
            .unwrap_or_else(|| panic!("no ETag: {self}"))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {} answered {}", self.method, self.path, self.status)?;
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(json) => write!(f, "{json:#}"),
            Err(_) => f.write_str(&String::from_utf8_lossy(&self.body)),
        }
    }
}
