package emulator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/computetarget/computetarget/pkg/atomicfile"
)

// The certificate files in a server's directory. Several servers in memory may
// share them, so the first file has the authorities of all, the newest first. Their
// keys are not kept.
const (
	authorityFile = "ca.pem"
	bundleFile    = "ca-bundle.pem" // the system's roots and the authorities

	keptAuthorities   = 16
	authorityLifetime = 825 * 24 * time.Hour // the longest that all clients accept
)

// issue makes an authority that is valid for this machine only, signs one
// certificate and drops the authority's key.
func issue(now time.Time) (cert tls.Certificate, authority []byte, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	caSerial, err := serial()
	if err != nil {
		return cert, nil, err
	}
	ca := &x509.Certificate{
		SerialNumber:          caSerial,
		Subject:               pkix.Name{CommonName: "computetarget emulator " + caSerial.Text(16)[:8]},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(authorityLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,

		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return cert, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	leafSerial, err := serial()
	if err != nil {
		return cert, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber:          leafSerial,
		Subject:               pkix.Name{CommonName: "localhost"},
		NotBefore:             ca.NotBefore,
		NotAfter:              ca.NotAfter,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              []string{"localhost", "*.localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	parent, err := x509.ParseCertificate(caDER)
	if err != nil {
		return cert, nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, caKey)
	if err != nil {
		return cert, nil, err
	}
	cert = tls.Certificate{Certificate: [][]byte{leafDER, caDER}, PrivateKey: key}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}

func serial() (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b), nil
}

// publish adds an authority to the files of a directory and returns their paths.
func publish(dir string, authority []byte, now time.Time) (ca, bundle string, err error) {
	ca, bundle = filepath.Join(dir, authorityFile), filepath.Join(dir, bundleFile)
	old, err := os.ReadFile(ca)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	all := bytes.Clone(authority)
	for kept := 1; kept < keptAuthorities; {
		var block *pem.Block
		if block, old = pem.Decode(old); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && now.Before(c.NotAfter) {
			all = append(all, pem.EncodeToMemory(block)...)
			kept++
		}
	}
	if err := atomicfile.WriteUnsynced(ca, all, 0o600); err != nil {
		return "", "", err
	}
	return ca, bundle, atomicfile.WriteUnsynced(bundle, append(systemRoots(), all...), 0o600)
}

// systemRoots returns the authorities that programs here trust as PEM text: those
// that the variables name, else the system's. Windows and macOS have no file of
// them.
func systemRoots() []byte {
	var out []byte
	var named []string
	for _, name := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} {
		if path := os.Getenv(name); path != "" && (len(named) == 0 || named[0] != path) {
			named = append(named, path)
		}
	}
	for _, path := range named {
		if raw, err := os.ReadFile(path); err == nil {
			out = append(append(out, raw...), '\n')
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	} {
		if raw, err := os.ReadFile(path); err == nil {
			return append(raw, '\n')
		}
	}
	return nil
}
