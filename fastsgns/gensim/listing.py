"""The names of gensim 4.4 by module. tests/dropin/listing.py writes this file."""

GENSIM = {
    "": "",
    "corpora": (
        "BleiCorpus Dictionary HashDictionary IndexedCorpus LowCorpus MalletCorpus MmCorpus "
        "OpinosisCorpus SvmLightCorpus TextCorpus TextDirectoryCorpus UciCorpus WikiCorpus"
    ),
    "corpora.bleicorpus": "BleiCorpus IndexedCorpus",
    "corpora.csvcorpus": "CsvCorpus",
    "corpora.dictionary": "Dictionary",
    "corpora.hashdictionary": "HashDictionary",
    "corpora.indexedcorpus": "IndexedCorpus",
    "corpora.lowcorpus": "IndexedCorpus LowCorpus split_on_space",
    "corpora.malletcorpus": "LowCorpus MalletCorpus",
    "corpora.mmcorpus": "IndexedCorpus MmCorpus",
    "corpora.opinosiscorpus": "Dictionary OpinosisCorpus PorterStemmer STOPWORDS",
    "corpora.sharded_corpus": "IndexedCorpus ShardedCorpus TransformedCorpus",
    "corpora.svmlightcorpus": "IndexedCorpus SvmLightCorpus",
    "corpora.textcorpus": (
        "Dictionary TextCorpus TextDirectoryCorpus deaccent lower_to_unicode remove_short_tokens "
        "remove_stopword_tokens simple_tokenize strip_multiple_whitespaces walk"
    ),
    "corpora.ucicorpus": (
        "Dictionary IndexedCorpus MmReader MmWriter UciCorpus UciReader UciWriter"
    ),
    "corpora.wikicorpus": (
        "ARTICLE_MIN_WORDS Dictionary IGNORED_NAMESPACES TOKEN_MAX_LEN TOKEN_MIN_LEN TextCorpus "
        "WikiCorpus extract_pages filter_example filter_wiki find_interlinks get_namespace "
        "init_to_ignore_interrupt process_article remove_file remove_markup remove_template "
        "tokenize"
    ),
    "downloader": "BASE_DIR DATA_LIST_URL DOWNLOAD_BASE_URL base_dir info load",
    "interfaces": "CorpusABC SimilarityABC TransformationABC TransformedCorpus",
    "matutils": (
        "Dense2Corpus MmReader MmWriter Scipy2Corpus Sparse2Corpus any2sparse argsort blas "
        "blas_nrm2 blas_scal corpus2csc corpus2dense cossim dense2vec dirichlet_expectation "
        "full2sparse full2sparse_clipped hellinger isbow ismatrix jaccard jaccard_distance "
        "jensen_shannon kullback_leibler logsumexp mean_absolute_difference pad psi qr_destroy "
        "ret_log_normalize_vec ret_normalized_vec scipy2scipy_clipped scipy2sparse sparse2full "
        "unitvec veclen zeros_aligned"
    ),
    "models": (
        "AtireBM25Model AuthorTopicModel BackMappingTranslationMatrix CoherenceModel Doc2Vec "
        "EnsembleLda FAST_VERSION FastText HdpModel KeyedVectors LdaModel LdaMulticore "
        "LdaSeqModel LogEntropyModel LsiModel LuceneBM25Model Nmf NormModel OkapiBM25Model "
        "Phrases RpModel TfidfModel TranslationMatrix VocabTransform Word2Vec"
    ),
    "models.atmodel": (
        "AuthorTopicModel AuthorTopicState LdaModel LdaState MmCorpus construct_author2doc "
        "construct_doc2author dirichlet_expectation gammaln mean_absolute_difference"
    ),
    "models.basemodel": "BaseTopicModel",
    "models.bm25model": "AtireBM25Model BM25ABC LuceneBM25Model OkapiBM25Model",
    "models.callbacks": (
        "Callback CallbackAny2Vec CoherenceMetric ConvergenceMetric DiffMetric Metric "
        "PerplexityMetric VISDOM_INSTALLED"
    ),
    "models.coherencemodel": (
        "BOOLEAN_DOCUMENT_BASED COHERENCE_MEASURES CoherenceModel SLIDING_WINDOW_BASED "
        "SLIDING_WINDOW_SIZES unique_ids_from_segments"
    ),
    "models.doc2vec": (
        "CORPUSFILE_VERSION Doc2Vec Doc2VecTrainables Doc2VecVocab Doctag FAST_VERSION "
        "KeyedVectors TaggedBrownCorpus TaggedDocument TaggedLineDocument Word2Vec "
        "d2v_train_epoch_dbow d2v_train_epoch_dm d2v_train_epoch_dm_concat deprecated "
        "pseudorandom_weak_vector train_document_dbow train_document_dm train_document_dm_concat"
    ),
    "models.doc2vec_corpusfile": (
        "CORPUSFILE_VERSION d2v_train_epoch_dbow d2v_train_epoch_dm d2v_train_epoch_dm_concat"
    ),
    "models.doc2vec_inner": "train_document_dbow train_document_dm train_document_dm_concat",
    "models.ensemblelda": ("CBDBSCAN Cluster EnsembleLda SaveLoad Topic mass_masking rank_masking"),
    "models.fasttext": (
        "FastText FastTextKeyedVectors FastTextTrainables FastTextVocab KeyedVectors "
        "MAX_WORDS_IN_BATCH Word2Vec compute_ngrams compute_ngrams_bytes deprecated ft_hash_bytes "
        "ft_ngram_hashes load_facebook_model load_facebook_vectors prep_vectors "
        "save_facebook_model train_batch_any train_epoch_cbow train_epoch_sg"
    ),
    "models.fasttext_corpusfile": "CORPUSFILE_VERSION train_epoch_cbow train_epoch_sg",
    "models.fasttext_inner": (
        "MAX_WORDS_IN_BATCH compute_ngrams compute_ngrams_bytes ft_hash_bytes init train_batch_any"
    ),
    "models.hdpmodel": (
        "HdpModel HdpTopicFormatter SuffStats deprecated dirichlet_expectation expect_log_sticks "
        "gammaln lda_e_step mean_absolute_difference meanchangethresh psi rhot_bound"
    ),
    "models.keyedvectors": (
        "CompatVocab Dictionary Doc2VecKeyedVectors EuclideanKeyedVectors FastTextKeyedVectors "
        "KeyedVectors Vocab Word2VecKeyedVectors deprecated load_word2vec_format prep_vectors "
        "pseudorandom_weak_vector"
    ),
    "models.lda_dispatcher": "",
    "models.lda_worker": "",
    "models.ldamodel": (
        "Callback CoherenceModel LdaModel LdaState dirichlet_expectation gammaln hellinger "
        "jaccard_distance jensen_shannon kullback_leibler logsumexp mean_absolute_difference psi "
        "update_dir_prior"
    ),
    "models.ldamulticore": "LdaModel LdaMulticore LdaState worker_e_step",
    "models.ldaseqmodel": "LdaPost LdaSeqModel df_obs digamma f_obs gammaln sslm",
    "models.logentropy_model": "LogEntropyModel",
    "models.lsi_dispatcher": "",
    "models.lsi_worker": "",
    "models.lsimodel": (
        "LsiModel P2_EXTRA_DIMS P2_EXTRA_ITERS Projection ascarray asfarray clip_spectrum "
        "is_empty print_debug stochastic_svd"
    ),
    "models.nmf": "CoherenceModel Nmf OLD_SCIPY TransformedCorpus solve_h version_tuple",
    "models.nmf_pgd": "solve_h",
    "models.normmodel": "NormModel",
    "models.phrases": (
        "ENGLISH_CONNECTOR_WORDS FrozenPhrases NEGATIVE_INFINITY Phraser Phrases npmi_scorer "
        "original_scorer"
    ),
    "models.poincare": (
        "AUTOGRAD_PRESENT KeyedVectors LexicalEntailmentEvaluation LinkPredictionEvaluation "
        "NegativesBuffer PoincareBatch PoincareKeyedVectors PoincareModel PoincareRelations "
        "ReconstructionEvaluation"
    ),
    "models.rpmodel": "RpModel",
    "models.tfidfmodel": (
        "TfidfModel deprecated df2idf precompute_idfs resolve_weights smartirs_normalize "
        "smartirs_wglobal smartirs_wlocal"
    ),
    "models.translation_matrix": "BackMappingTranslationMatrix Space TranslationMatrix",
    "models.word2vec": (
        "BrownCorpus CORPUSFILE_VERSION FAST_VERSION Heapitem KeyedVectors LineSentence "
        "MAX_WORDS_IN_BATCH PathLineSentences Text8Corpus Vocab Word2Vec Word2VecTrainables "
        "Word2VecVocab call_on_class_only deprecated keep_vocab_item pseudorandom_weak_vector "
        "score_sentence_cbow score_sentence_sg train_batch_cbow train_batch_sg train_epoch_cbow "
        "train_epoch_sg"
    ),
    "models.word2vec_corpusfile": (
        "CORPUSFILE_VERSION CythonLineSentence CythonVocab any2utf8 rebuild_cython_line_sentence "
        "train_epoch_cbow train_epoch_sg"
    ),
    "models.word2vec_inner": (
        "FAST_VERSION MAX_WORDS_IN_BATCH init score_sentence_cbow score_sentence_sg "
        "train_batch_cbow train_batch_sg"
    ),
    "nosy": "DEFAULTARGS EXECUTABLE EXTENSIONS check_sum",
    "parsing": (
        "PorterStemmer preprocess_documents preprocess_string read_file read_files "
        "remove_stopwords split_alphanum stem_text strip_multiple_whitespaces strip_non_alphanum "
        "strip_numeric strip_punctuation strip_short strip_tags"
    ),
    "parsing.porter": "PorterStemmer",
    "parsing.preprocessing": (
        "DEFAULT_FILTERS PorterStemmer STOPWORDS lower_to_unicode preprocess_documents "
        "preprocess_string read_file read_files remove_short_tokens remove_stopword_tokens "
        "remove_stopwords split_alphanum split_on_space stem stem_text strip_multiple_whitespaces "
        "strip_non_alphanum strip_numeric strip_punctuation strip_short strip_tags"
    ),
    "scripts": "",
    "scripts.benchmark": "Doc2Vec FastText LineSentence Phrases Text8Corpus Word2Vec",
    "scripts.glove2word2vec": "KeyedVectors deprecated get_glove_info glove2word2vec",
    "scripts.make_wiki": (
        "DEFAULT_DICT_SIZE Dictionary HashDictionary MmCorpus TfidfModel WikiCorpus"
    ),
    "scripts.make_wiki_online": (
        "DEFAULT_DICT_SIZE Dictionary HashDictionary MmCorpus TfidfModel WikiCorpus"
    ),
    "scripts.make_wiki_online_nodebug": (
        "DEFAULT_DICT_SIZE Dictionary HashDictionary MmCorpus TfidfModel WikiCorpus"
    ),
    "scripts.make_wikicorpus": (
        "DEFAULT_DICT_SIZE Dictionary HashDictionary MmCorpus TfidfModel WikiCorpus"
    ),
    "scripts.package_info": "package_info",
    "scripts.segment_wiki": (
        "IGNORED_NAMESPACES WikiCorpus extract_page_xmls filter_wiki find_interlinks "
        "get_namespace segment segment_all_articles segment_and_write_all_articles"
    ),
    "scripts.word2vec2tensor": "word2vec2tensor",
    "scripts.word2vec_standalone": "LineSentence Word2Vec",
    "similarities": (
        "LevenshteinSimilarityIndex MatrixSimilarity Similarity SoftCosineSimilarity "
        "SparseMatrixSimilarity SparseTermSimilarityMatrix TermSimilarityIndex "
        "UniformTermSimilarityIndex WmdSimilarity WordEmbeddingSimilarityIndex"
    ),
    "similarities.annoy": "AnnoyIndexer Doc2Vec FastText KeyedVectors Word2Vec",
    "similarities.docsim": (
        "MatrixSimilarity PARALLEL_SHARDS Shard Similarity SoftCosineSimilarity "
        "SparseMatrixSimilarity WmdSimilarity query_shard"
    ),
    "similarities.fastss": "FastSS bytes2set editdist indexkeys set2bytes",
    "similarities.levenshtein": ("FastSS LevenshteinSimilarityIndex TermSimilarityIndex editdist"),
    "similarities.nmslib": "NmslibIndexer",
    "similarities.termsim": (
        "NON_NEGATIVE_NORM_ASSERTION_MESSAGE SaveLoad SparseTermSimilarityMatrix "
        "TermSimilarityIndex UniformTermSimilarityIndex WordEmbeddingSimilarityIndex corpus2csc "
        "is_corpus"
    ),
    "test": "",
    "test.utils": (
        "Dictionary LeeCorpus common_corpus common_dictionary common_texts datapath get_tmpfile "
        "lee_corpus_list module_path simple_preprocess temporary_file"
    ),
    "topic_coherence": "",
    "topic_coherence.aggregation": "arithmetic_mean",
    "topic_coherence.direct_confirmation_measure": (
        "EPSILON aggregate_segment_sims log_conditional_probability log_ratio_measure"
    ),
    "topic_coherence.indirect_confirmation_measure": (
        "ContextVectorComputer aggregate_segment_sims cosine_similarity log_ratio_measure "
        "word2vec_similarity"
    ),
    "topic_coherence.probability_estimation": (
        "CorpusAccumulator ParallelWordOccurrenceAccumulator WordOccurrenceAccumulator "
        "WordVectorsAccumulator p_boolean_document p_boolean_sliding_window p_word2vec "
        "unique_ids_from_segments"
    ),
    "topic_coherence.segmentation": "s_one_one s_one_pre s_one_set",
    "topic_coherence.text_analysis": (
        "AccumulatingWorker BaseAnalyzer CorpusAccumulator InvertedIndexAccumulator "
        "InvertedIndexBased ParallelWordOccurrenceAccumulator PatchedWordOccurrenceAccumulator "
        "UsesDictionary WindowedTextsAnalyzer Word2Vec WordOccurrenceAccumulator "
        "WordVectorsAccumulator"
    ),
    "utils": (
        "ClippedCorpus FakeDict InputQueue NO_CYTHON PICKLE_PROTOCOL RULE_DEFAULT RULE_DISCARD "
        "RULE_KEEP RepeatCorpus RepeatCorpusNTimes SaveLoad SlicedCorpus any2unicode any2utf8 "
        "call_on_class_only check_output chunkize chunkize_serial copytree_hardlink deaccent "
        "decode_htmlentities default_prng deprecated dict_from_corpus effective_n_jobs "
        "file_or_filename flatten gensim_version getNS get_max_id get_my_ip get_random_state "
        "grouper identity ignore_deprecation_warning is_corpus is_empty iter_windows "
        "keep_vocab_item lazy_flatten merge_counts mock_data mock_data_row n2cp open_file pickle "
        "prune_vocab pyro_daemon qsize randfname revdict safe_unichr sample_dict "
        "save_as_line_sentence simple_preprocess simple_tokenize smart_extension strided_windows "
        "synchronous to_unicode to_utf8 tokenize toptexts trim_vocab_by_freq unpickle "
        "upload_chunked"
    ),
}
