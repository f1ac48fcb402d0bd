//! A package index: where a wheel is, as its pages have it in JSON (PEP 691) or in HTML
//! (PEP 503), and as folders that pip looks into (`find-links`) have it.

use std::path::PathBuf;

use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;

use crate::Error;
use crate::address::Address;
use crate::client::Client;
use crate::pip::Pip;
use crate::sources::Wheel;

/// No index's page is larger.
const MOST_BYTES: usize = 16 << 20;
const ACCEPTED: &str = "application/vnd.pypi.simple.v1+json, \
                        application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// Where a wheel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// On this machine.
    Here(PathBuf),
    /// On a server.
    There(Address),
}

/// Finds a wheel where pip would look for it.
pub(crate) async fn find(client: &Client, pip: &Pip, wheel: &Wheel) -> Result<Found, Error> {
    let mut looked_in = Vec::new();
    let mut worst = None;
    for place in &pip.find_links {
        looked_in.push(place.clone());
        if place.starts_with("http://") || place.starts_with("https://") {
            let page = Address::parse(place)?;
            match on_page(client, &page, wheel).await {
                Ok(Some(address)) => return Ok(Found::There(address)),
                Ok(None) => {}
                Err(error) => worst = Some(error),
            }
            continue;
        }
        let path = PathBuf::from(place.strip_prefix("file://").unwrap_or(place));
        let in_folder = path.join(&wheel.file);
        if in_folder.is_file() {
            return Ok(Found::Here(in_folder));
        }
        if path.is_file() && path.ends_with(&wheel.file) {
            return Ok(Found::Here(path));
        }
    }
    for index in &pip.indexes {
        let page = index.join(&format!("{}/", normalised(&wheel.package)))?;
        looked_in.push(page.to_string());
        match on_page(client, &page, wheel).await {
            Ok(Some(address)) => return Ok(Found::There(address)),
            Ok(None) => {}
            Err(Error::Status { status, .. }) if status == http::StatusCode::NOT_FOUND => {}
            Err(error) => worst = Some(error),
        }
    }
    // Where a place could not be asked, that is the reason; else it is nowhere.
    Err(worst.unwrap_or(Error::NotInIndex {
        file: wheel.file.clone(),
        looked_in: looked_in.join(", "),
    }))
}

async fn on_page(client: &Client, page: &Address, wheel: &Wheel) -> Result<Option<Address>, Error> {
    let response = client.get(page, &[(ACCEPT, ACCEPTED.to_owned())]).await?;
    if !response.status.is_success() {
        return Err(Error::Status {
            address: response.address.to_string(),
            status: response.status,
        });
    }
    let at = response.address.clone();
    let is_json = response
        .header(&CONTENT_TYPE)
        .is_some_and(|kind| kind.contains("json"));
    let content = response.bytes(MOST_BYTES).await?;
    let listed = match is_json {
        true => json(&at, &content)?,
        false => html(&String::from_utf8_lossy(&content)),
    };
    let of_that_name = |listed: &&Listed| listed.file == wheel.file;
    let Some(listed) = listed.iter().find(of_that_name) else {
        return Ok(None);
    };
    // It is found out here what would be found out after the download.
    if let Some(digest) = &listed.sha256
        && *digest != wheel.sha256
    {
        return Err(Error::Digest {
            what: format!("{} in {at}", wheel.file),
            expected: wheel.sha256.clone(),
            found: digest.clone(),
        });
    }
    Ok(Some(at.join(&listed.url)?))
}

/// A package's name as it is in addresses (PEP 503).
fn normalised(package: &str) -> String {
    let parts = package
        .split(['-', '_', '.'])
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// A file of a package, as a page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    file: String,
    /// Maybe relative to the page.
    url: String,
    sha256: Option<String>,
}

fn json(page: &Address, content: &[u8]) -> Result<Vec<Listed>, Error> {
    #[derive(Deserialize)]
    struct Page {
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        filename: String,
        url: String,
        #[serde(default)]
        hashes: Hashes,
    }
    #[derive(Default, Deserialize)]
    struct Hashes {
        sha256: Option<String>,
    }
    let read: Page = serde_json::from_slice(content).map_err(|error| Error::Index {
        address: page.to_string(),
        reason: format!("it is no page of an index ({error})"),
    })?;
    let listed = |file: File| Listed {
        file: file.filename,
        url: file.url,
        sha256: file.hashes.sha256.map(|d| d.to_ascii_lowercase()),
    };
    Ok(read.files.into_iter().map(listed).collect())
}

/// The links of a page.
fn html(page: &str) -> Vec<Listed> {
    let lower = page.to_ascii_lowercase();
    let mut listed = Vec::new();
    let mut at = 0;
    while let Some(found) = lower[at..].find("<a") {
        let start = at + found + 2;
        let end = lower[start..].find('>').map_or(lower.len(), |e| start + e);
        at = end;
        // `<address` begins like a link.
        if !lower[start..].starts_with(|c: char| c.is_ascii_whitespace()) {
            continue;
        }
        let Some(link) = attribute(&page[start..end], &lower[start..end], "href") else {
            continue;
        };
        let (url, fragment) = link.split_once('#').unwrap_or((&link, ""));
        let Ok(place) = Address::parse("https://page/").and_then(|page| page.join(url)) else {
            continue;
        };
        listed.push(Listed {
            file: place.file_name(),
            url: url.to_owned(),
            sha256: fragment
                .strip_prefix("sha256=")
                .map(str::to_ascii_lowercase),
        });
    }
    listed
}

/// An attribute's value in a tag.
fn attribute(tag: &str, lower: &str, name: &str) -> Option<String> {
    let at = lower.find(&format!("{name}="))? + name.len() + 1;
    let value = &tag[at..];
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_ascii_whitespace().next()?,
    };
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let plain = entities.iter().fold(value.to_owned(), |value, (from, to)| {
        value.replace(from, to)
    });
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_normalised() {
        for (name, expect) in [
            ("Whisper_base.1", "whisper-base-1"),
            ("a--b__c", "a-b-c"),
            ("plain", "plain"),
        ] {
            assert_eq!(normalised(name), expect);
        }
    }

    #[test]
    fn links_are_read_from_html() {
        let page = "<!DOCTYPE html><address>no</address>\n<A class=x HREF='../f/a.whl#sha256=AB' \
                    data-requires-python=\"&gt;=3\">a.whl</A><br><a href=b%2B1.whl>b</a>\
                    <a name=\"x\">no</a><a href=\"https://h/c.whl?x=1&amp;y=2#md5=1\">c</a><a";
        let listed = |file: &str, url: &str, sha256: Option<&str>| Listed {
            file: file.to_owned(),
            url: url.to_owned(),
            sha256: sha256.map(str::to_owned),
        };
        assert_eq!(
            html(page),
            [
                listed("a.whl", "../f/a.whl", Some("ab")),
                listed("b+1.whl", "b%2B1.whl", None),
                listed("c.whl", "https://h/c.whl?x=1&y=2", None),
            ]
        );
    }

    #[test]
    fn files_are_read_from_json() {
        let page = Address::parse("https://h/simple/a/").unwrap();
        let text = br#"{"meta": {}, "files": [
            {"filename": "a.whl", "url": "https://f/a.whl", "hashes": {"sha256": "AB"}},
            {"filename": "b.whl", "url": "b.whl", "hashes": {}, "yanked": "no"}]}"#;
        let files = json(&page, text).unwrap();
        assert_eq!(files[0].sha256.as_deref(), Some("ab"));
        assert_eq!((files[1].file.as_str(), &files[1].sha256), ("b.whl", &None));
        let error = json(&page, b"<html>").unwrap_err().to_string();
        assert!(
            error.contains("https://h/simple/a/: it is no page"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_page_is_read(page in "(<a |href=|[\"'#>&;]|sha256=|ä|.){0,60}") {
            html(&page);
        }
    }
}
