//! Completions and manual pages, by the shells and the tools that read them.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::process::Command;

use util::{Ended, Place};

const COMMANDS: &[&str] = &["up", "say", "text", "devices", "config", "completions"];

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[test]
fn every_shell_gets_all_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).done().stdout;
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let unknown = place.run(&["completions", "cmd.exe"]);
    unknown.failed(1, &["bash", "zsh", "fish"]);
}

#[test]
fn bash_completes_commands_and_flags() {
    if !is_here("bash") {
        println!("not run: there is no bash here");
        return;
    }
    let place = Place::new();
    let script = place.run(&["completions", "bash"]).done().stdout;
    place.file("hark.bash", script);
    let complete = |words: &[&str]| {
        let ask = "source ./hark.bash
            COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))
            _hark hark \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
            printf '%s\\n' \"${COMPREPLY[@]}\"";
        let mut bash = Command::new("bash");
        bash.args(["-c", ask, "bash"]).args(words);
        bash.current_dir(place.path());
        Ended::of(bash).done().stdout
    };
    assert_eq!(complete(&["hark", "dev"]), "devices\n");
    assert_eq!(complete(&["hark", "say", "--realt"]), "--realtime\n");
    assert_eq!(complete(&["hark", "up", "--engine", "ca"]).trim(), "candle");
}

#[test]
fn other_shells_that_are_here_can_read_theirs() {
    let place = Place::new();
    for shell in ["zsh", "fish"] {
        let script = place.run(&["completions", shell]).done().stdout;
        let file = place.file(shell, script);
        if is_here(shell) {
            let mut check = Command::new(shell);
            check.arg("--no-execute").arg(file);
            Ended::of(check).done();
        }
    }
}

#[test]
fn every_command_has_a_page_that_can_be_set() {
    let place = Place::new();
    place.run(&["man", "--out", "man1"]).done();
    for command in COMMANDS {
        let page = place.path().join(format!("man1/hark-{command}.1"));
        assert!(page.is_file(), "{}", page.display());
    }
    let page = std::fs::read_to_string(place.path().join("man1/hark.1")).unwrap();
    assert!(page.contains(".TH hark 1"), "{page}");
    for command in COMMANDS {
        assert!(page.contains(&format!("hark\\-{command}(1)")), "{command}");
    }
    assert_eq!(page, place.run(&["man"]).done().stdout);
    if is_here("groff") {
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "man1/hark.1", "man1/hark-up.1"]);
        groff.current_dir(place.path());
        let set = Ended::of(groff).done();
        assert_eq!(set.stderr, "");
        assert!(set.stdout.contains("hark.toml"), "{set:?}");
    }
}

#[test]
fn a_folder_that_can_not_be_written_is_named() {
    let place = Place::new();
    place.file("taken", "");
    let ended = place.run(&["man", "--out", "taken"]);
    ended.failed(1, &["taken"]);
}
