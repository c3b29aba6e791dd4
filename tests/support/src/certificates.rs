//! Certificates, issued by `openssl`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a shell script in a directory and asserts that it succeeds.
pub fn shell(directory: &Path, script: &str) {
    let output = Command::new("sh").args(["-ec", script]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate authority: `NAME.pem` and `NAME.key` in its directory.
pub struct Authority {
    directory: PathBuf,
    name: &'static str,
}

impl Authority {
    pub fn new(directory: &Path, name: &'static str) -> Self {
        let script = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.pem \
             -days 30 -subj /CN={name}"
        );
        shell(directory, &script);
        Self { directory: directory.to_owned(), name }
    }

    pub fn file(&self) -> PathBuf {
        self.directory.join(format!("{}.pem", self.name))
    }

    /// Issues `NAME.pem` and `NAME.key`.
    ///
    /// The certificate is valid for servers on this machine, for `collector.test` and for clients.
    pub fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let by = self.name;
        let script = format!(
            "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.csr \
             -subj /CN={name}
             printf 'subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:collector.test' > {name}.ext
             openssl x509 -req -in {name}.csr -CA {by}.pem -CAkey {by}.key -CAcreateserial -out {name}.pem -days 30 \
             -extfile {name}.ext"
        );
        shell(&self.directory, &script);
        let file = |extension| self.directory.join(format!("{name}.{extension}"));
        (file("pem"), file("key"))
    }

    /// Issues a certificate that is valid between two times, written as `20200101000000Z`.
    pub fn issue_for(&self, name: &str, begin: &str, end: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.issue(name);
        let by = self.name;
        let script = format!(
            "rm -rf issued && mkdir issued && : > issued/index.txt && echo 01 > issued/serial
             printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=issued/index.txt\\nserial=issued/serial\\nnew_certs_dir=issued\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' \
             > issued/ca.cnf
             openssl ca -batch -config issued/ca.cnf -cert {by}.pem -keyfile {by}.key -in {name}.csr -out {name}.pem \
             -extfile {name}.ext -notext -startdate {begin} -enddate {end}"
        );
        shell(&self.directory, &script);
        (certificate, key)
    }
}
