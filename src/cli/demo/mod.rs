//! `meldpunt demo`: a filled service on one's own machine with one command. Everything is in one folder; mail is written
//! there and read on a page.

mod cast;
mod folder;
mod past;
mod steps;
mod story;
mod year;

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::app;
use crate::cli::demo::folder::{ClientMark, Folder, Mark};
use crate::cli::serve::{bind, reachable, say};
use crate::cli::{logging, wait};
use crate::config::Settings;
use crate::services::Context;

#[derive(Debug, Args)]
pub struct Demo {
    /// Throw away what is there and start over
    #[arg(long)]
    fresh: bool,

    /// Address and port to listen on
    #[arg(long, env = "MELDPUNT_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Where database and mail are kept
    #[arg(long, default_value = "meldpunt-demo")]
    folder: PathBuf,
}

pub fn run(demo: &Demo) -> Result<(), String> {
    // First of all: a demo that runs already keeps its folder.
    let listener = bind(demo.listen)?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let (folder, mark) = Folder::open(&demo.folder, demo.fresh)?;
    let settings = settings(address, &folder)?;
    logging::start(&settings)?;
    let transport = app::transport(&settings)?;
    let mut context = app::context(settings)?;
    context.demo_mail = Some(folder.mail());
    app::prepare(&context)?;
    app::serve(context, transport, listener, move |context| {
        let mark = if mark.filled {
            mark
        } else {
            say("meldpunt: filling the demo ...");
            fill(context, reachable(address), &folder)
                .map_err(|e| format!("the demo cannot be filled: {e}"))?
        };
        say(&welcome(&context.settings.public_url, &mark));
        Ok(())
    })
}

/// Those of `serve`, but for what makes it a demo. The environment has no say: a demo does not fill somebody's database.
fn settings(address: SocketAddr, folder: &Folder) -> Result<Settings, String> {
    Ok(Settings {
        listen: address,
        public_url: format!("http://{}", reachable(address)),
        database_url: format!("sqlite://{}", folder.database().display()),
        mail: format!("file://{}", folder.mail().display()),
        attachments: format!("file://{}", folder.attachments().display()),
        // Everybody knows the password.
        password_memory: 1_024,
        drain_seconds: 0,
        log: "warn".into(),
        audit_log: "off".into(),
        ..Settings::defaults()?
    })
}

fn fill(context: &Context, address: SocketAddr, folder: &Folder) -> Result<Mark, String> {
    let hash = wait(context.passwords.hash(cast::PASSWORD.into())).map_err(|e| format!("{e:?}"))?;
    let clients = cast::enter(context, &hash).map_err(|e| format!("{e:?}"))?;
    past::tell(context)?;
    story::Story::new(context, address, &clients).tell()?;
    let mark = Mark {
        filled: true,
        client: clients.get(cast::SHOWN).map(|shown| ClientMark {
            id: shown.id.clone(),
            secret: shown.secret.clone(),
        }),
    };
    folder.write(&mark)?;
    Ok(mark)
}

/// What there is to see, and how.
fn welcome(url: &str, mark: &Mark) -> String {
    let mut text = format!(
        "\nMeldpunt  {url}\nAPI       {url}/docs\nmail      {url}/demo/mail\nregister  {url}/v1/public/reports\n          {url}/v1/public/experiments\nfigures   {url}/v1/public/statistics/scorecards\n\n\
         Everybody's password is: {}\n\n",
        cast::PASSWORD
    );
    for (who, email) in [
        ("reporter (melder), Gemeente Sluis", "melder@sluis.example"),
        (
            "org_admin (organisatiebeheerder), Gemeente Sluis",
            "beheer@sluis.example",
        ),
        ("desk (loket), BZK", "loket@bzk.example"),
        ("coordinator (coördinator), BZK", "coordinator@bzk.example"),
        (
            "liaison (contactpersoon), OCW; also szw, vws, vro, ez ...",
            "contact@ocw.example",
        ),
        ("analyst (analist), BZK", "analist@bzk.example"),
        ("admin (beheerder), BZK", "beheer@bzk.example"),
    ] {
        let _ = writeln!(text, "  {email:<25}{who}");
    }
    if let Some(client) = &mark.client {
        let _ = write!(
            text,
            "\nAPI client of Gemeente Sluis\n  client_id      {}\n  client_secret  {}\n",
            client.id, client.secret
        );
    }
    let _ = write!(
        text,
        "\nSign in, hand in a report, see the list:\n\n\
         TOKEN=$(curl -s {url}/v1/sessions -H 'Content-Type: application/json' \
         -d '{{\"email\":\"melder@sluis.example\",\"password\":\"{}\"}}' | sed -n 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/p')\n\n\
         curl -s -w '\\n' {url}/v1/reports -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \
         -d '{{\"title\":\"Leerlingenvervoer stopt bij de grens\",\"description\":\"De dichtstbijzijnde school ligt in Vlaanderen; \
         vervoer daarheen mag niet worden vergoed.\",\"effect\":\"Elf gezinnen rijden dagelijks vijftig kilometer.\",\
         \"regulations\":[{{\"citation\":\"BWBR0003420\",\"article\":\"4\"}}],\"domains\":[\"onderwijs-po\"],\"municipalities\":[\"GM1714\"]}}'\n\n\
         curl -s -w '\\n' '{url}/v1/reports?limit=5' -H \"Authorization: Bearer $TOKEN\"\n\n\
         Stop with Ctrl-C; the next start finds everything back, --fresh starts over.",
        cast::PASSWORD
    );
    text
}
