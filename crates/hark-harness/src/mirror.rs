//! A small HTTP server for tests of downloads, which does right or wrong as it is told: it
//! breaks off, sends too much, redirects, hangs. It knows ranges and entity tags.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Error;

/// No request takes longer to arrive.
const LIMIT: Duration = Duration::from_secs(10);

/// What is answered to one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A file, or the part of it that is asked for.
    File(Arc<Vec<u8>>),
    /// A page of this content type.
    Page(&'static str, String),
    /// That file, but the connection ends after so many bytes of the answer's body.
    Breaks(Arc<Vec<u8>>, usize),
    /// That file, but nothing more comes after so many bytes of the answer's body.
    Hangs(Arc<Vec<u8>>, usize),
    /// That file, with no word about its length, until the connection ends.
    Endless(Arc<Vec<u8>>),
    /// To somewhere else.
    Redirect(String),
    /// Nothing but a status.
    Status(u16),
}

/// A request that came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The path, with its query.
    pub path: String,
    /// The header `Range`.
    pub range: Option<String>,
    /// The header `If-Range`.
    pub if_range: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

/// The server; it ends with this.
#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, VecDeque<Answer>>,
    asked: Vec<Asked>,
    ended: bool,
}

impl Mirror {
    /// Starts it on a port that nobody else uses.
    ///
    /// # Errors
    /// [`Error`] where no port can be had.
    pub fn start() -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if theirs.lock().ended {
                    return;
                }
                let shared = Arc::clone(&theirs);
                // Whoever leaves early needs no answer.
                std::thread::spawn(move || stream.and_then(|stream| shared.serve(stream)));
            }
        });
        Ok(Self { address, shared })
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers requests for a path like this, one after the other; the last one stays.
    pub fn answer(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers = answers.into_iter().collect();
        self.shared.lock().answers.insert(path.to_owned(), answers);
    }

    /// Requests for a path so far.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.shared.lock().asked.clone();
        asked.into_iter().filter(|a| a.path == path).collect()
    }

    /// Waits until a path was asked for.
    ///
    /// # Errors
    /// [`Error`] where that does not happen in time.
    pub fn wait_for(&self, path: &str) -> Result<(), Error> {
        let state = self.shared.lock();
        let missing = |state: &mut State| !state.asked.iter().any(|a| a.path == path);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, 6 * LIMIT, missing);
        match waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            true => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
            false => Ok(()),
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        // So that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(LIMIT))?;
        let asked = request(&stream)?;
        let answer = {
            let mut state = self.lock();
            state.asked.push(asked.clone());
            let answers = state.answers.get_mut(&asked.path);
            answers.and_then(|all| match all.len() {
                0 | 1 => all.front().cloned(),
                _ => all.pop_front(),
            })
        };
        self.changed.notify_all();
        match answer.unwrap_or(Answer::Status(404)) {
            Answer::File(content) => file(&mut stream, &asked, &content, usize::MAX),
            Answer::Breaks(content, after) => file(&mut stream, &asked, &content, after),
            Answer::Hangs(content, after) => {
                file(&mut stream, &asked, &content, after)?;
                let state = self.lock();
                let _ended = self.changed.wait_while(state, |state| !state.ended);
                Ok(())
            }
            Answer::Endless(content) => {
                head(&mut stream, 200, &[])?;
                stream.write_all(&content)
            }
            Answer::Page(kind, text) => {
                let length = text.len().to_string();
                head(
                    &mut stream,
                    200,
                    &[("Content-Type", kind), ("Content-Length", &length)],
                )?;
                stream.write_all(text.as_bytes())
            }
            Answer::Redirect(to) => head(
                &mut stream,
                302,
                &[("Location", &to), ("Content-Length", "0")],
            ),
            Answer::Status(status) => head(&mut stream, status, &[("Content-Length", "0")]),
        }
    }
}

fn request(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut asked = Asked::default();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if asked.path.is_empty() {
            asked.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = Some(value.trim().to_owned());
        match name.to_ascii_lowercase().as_str() {
            "range" => asked.range = value,
            "if-range" => asked.if_range = value,
            "authorization" => asked.authorization = value,
            _ => {}
        }
    }
    Ok(asked)
}

fn file(stream: &mut TcpStream, asked: &Asked, content: &[u8], most: usize) -> std::io::Result<()> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let tag = format!("\"{:x}\"", hasher.finish());
    let same = asked.if_range.as_ref().is_none_or(|wanted| *wanted == tag);
    let start = asked
        .range
        .as_deref()
        .filter(|_| same)
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let Some(part) = content.get(start..).filter(|p| !p.is_empty()) else {
        return head(stream, 416, &[("Content-Length", "0")]);
    };
    let length = part.len().to_string();
    let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
    let mut headers = vec![("ETag", tag.as_str()), ("Content-Length", &length)];
    if start > 0 {
        headers.push(("Content-Range", &range));
    }
    head(stream, if start > 0 { 206 } else { 200 }, &headers)?;
    stream.write_all(&part[..part.len().min(most)])
}

fn head(stream: &mut TcpStream, status: u16, headers: &[(&str, &str)]) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} so\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())
}
