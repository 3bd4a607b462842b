package client

// Way returns a Session that reaches servers as s does at this moment: over
// its connections, proxies and certificates, in its time limits. Nothing else
// of s goes with it, no header, parameter, credential, cookie or hook. It is
// for requests beside the user's own, such as the one for a token, and needs
// no closing. The error is invalid_argument: s is closed.
func (s *Session) Way() (*Session, error) {
	snap := s.state.Load()
	if snap == nil {
		return nil, errClosed()
	}
	way := &Session{client: s.client, transport: s.transport, env: s.env}
	compiled, err := way.compile(snap.settings.way())
	if err != nil {
		return nil, err
	}
	way.state.Store(compiled)
	return way, nil
}

// way returns what of s decides on the way to an origin.
func (s Settings) way() Settings {
	out := Settings{
		Proxies: s.Proxies, Verify: s.Verify, Cert: s.Cert, Timeout: s.Timeout, TrustEnv: s.TrustEnv,
		HTTPVersion: s.HTTPVersion, Resolve: s.Resolve, Resolver: s.Resolver, LocalAddr: s.LocalAddr, Unix: s.Unix,
		Pool: s.Pool,
	}
	for _, m := range s.Mounts {
		out.Mounts = append(out.Mounts, Mount{Prefix: m.Prefix, Settings: m.Settings.way()})
	}
	return out
}
